import { ButtonLink } from "../components/Button";
import { Empty, Page } from "../components/Page";

export function NotFound() {
  return (
    <Page title="No such page">
      <Empty title="There is no page at this address.">
        <ButtonLink to="/servers">Go to the servers</ButtonLink>
      </Empty>
    </Page>
  );
}
