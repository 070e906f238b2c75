import { Page } from "../components/Page";

export function Servers() {
  return <Page title="Servers">{null}</Page>;
}
