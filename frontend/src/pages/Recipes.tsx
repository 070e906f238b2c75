import { Page } from "../components/Page";

export function Recipes() {
  return <Page title="Recipes">{null}</Page>;
}
