import { Page } from "../components/Page";

export function ServerDetail() {
  return <Page title="Server">{null}</Page>;
}
