import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "react-router";
import { recipe as recipeQuery } from "../api/queries";
import { Prose } from "../components/Code";
import { ErrorNotice } from "../components/Notice";
import { Page, Section } from "../components/Page";
import { Loading } from "../components/Spinner";
import { KeeperBadge } from "../recipe/KeeperBadge";
import { RunRecipe } from "../recipe/RunRecipe";
import { SourceView } from "../recipe/SourceView";

/** A recipe: what it does, what it takes, and the way to run it. */
export function RecipeDetail() {
  const { name = "" } = useParams();
  const { data, error, isPending, refetch } = useQuery(recipeQuery(name));
  return (
    <Page
      title={name}
      above={<Link to="/recipes">Recipes</Link>}
      beside={data !== undefined && <KeeperBadge recipe={data} />}
    >
      {isPending && <Loading what={`the recipe ${name}`} lines={8} />}
      {error !== null && <ErrorNotice error={error} retry={() => void refetch()} />}
      {data !== undefined && (
        <>
          {data.description !== "" && (
            <p>
              <Prose text={data.description} />
            </p>
          )}
          <Section title="Run it">
            <RunRecipe key={data.name} recipe={data} />
          </Section>
          <Section title="Source" plain>
            <SourceView source={data.source} label={`Source of ${name}`} />
          </Section>
        </>
      )}
    </Page>
  );
}
