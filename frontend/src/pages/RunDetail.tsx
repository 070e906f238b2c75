import { Page } from "../components/Page";

export function RunDetail() {
  return <Page title="Run">{null}</Page>;
}
