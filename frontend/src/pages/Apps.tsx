import { Page } from "../components/Page";

export function Apps() {
  return <Page title="Apps">{null}</Page>;
}
