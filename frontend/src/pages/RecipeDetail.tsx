import { Page } from "../components/Page";

export function RecipeDetail() {
  return <Page title="Recipe">{null}</Page>;
}
