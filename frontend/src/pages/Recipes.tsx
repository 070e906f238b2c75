import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { recipes as recipesQuery } from "../api/queries";
import { Prose } from "../components/Code";
import { ErrorNotice } from "../components/Notice";
import { Empty, Page } from "../components/Page";
import { Loading } from "../components/Spinner";
import { Table } from "../components/Table";
import { KeeperBadge } from "../recipe/KeeperBadge";
import { recipeName } from "../run/words";
import { printable } from "../text/printable";

/** The recipes that can be run by name: those of this installation, and those that come with infrakt. */
export function Recipes() {
  const { data, error, isPending, refetch } = useQuery(recipesQuery());
  return (
    <Page title="Recipes">
      {isPending && <Loading what="recipes" />}
      {error !== null && <ErrorNotice error={error} retry={() => void refetch()} />}
      {data !== undefined && data.length > 0 && (
        <Table
          caption="Recipes"
          rows={data}
          rowKey={({ name }) => name}
          columns={[
            {
              title: "Recipe",
              heading: true,
              cell: ({ name }) => (
                <Link to={`/recipes/${encodeURIComponent(recipeName(name))}`}>
                  {printable(recipeName(name))}
                </Link>
              ),
            },
            {
              title: "What it does",
              cell: ({ description, problem }) =>
                problem == null ? (
                  <Prose text={description} />
                ) : (
                  <ErrorNotice title="This recipe can’t be read." error={problem} />
                ),
            },
            { title: "Source", cell: (recipe) => <KeeperBadge recipe={recipe} /> },
          ]}
        />
      )}
      {data?.length === 0 && <Empty title="No recipes" />}
      <p>
        Your own recipes are files in the folder <code>recipes</code> of infrakt’s home, on the service’s
        computer. To start one: <code>infrakt recipe new FILE</code>
      </p>
    </Page>
  );
}
