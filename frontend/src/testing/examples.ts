/** Examples for `INFRAKT_SERVICE=none npm run dev`: the pages with something on them, and no service. The key: the-right-key. */

import type { RecipeDetails, Server, ServerWithRoute } from "../api/types";
import { FakeApi, problem } from "./fakeApi";
import { aHost, anApp, aPlan, aRun, aServer, aStatus, withRoute } from "./fixtures";
import { aRunStep, aRunWithSteps } from "./runs";

const inventory: Server[] = [
  aHost({ provider: "hetzner", tags: ["infra"] }),
  aServer({
    last_run: aRun({ id: 14, state: "running", ended_at: null, recipe: "motd.rhai" }),
  }),
  aServer({
    id: 3,
    name: "prod-3",
    host: "2001:db8::7",
    user: "debian",
    port: 2222,
    tags: ["web"],
    status: null,
  }),
  aServer({
    id: 4,
    name: "staging-eu-central.example.org",
    host: "staging.example.org",
    provider: null,
    tags: [],
    last_run: aRun({ id: 9, state: "failed", reason: "step 2 failed" }),
  }),
];

const provision: RecipeDetails = {
  name: "provision.rhai",
  kept_by: "shipped",
  overrides_shipped: false,
  description: "Wipe a server and make it ready for apps: Docker, Traefik, a firewall and fail2ban.",
  parameters: [
    {
      name: "keep_data",
      type: "bool",
      default: false,
      help: "Keep existing data: provision without wiping first",
    },
    { name: "email", type: "string", default: "", help: "Email address for the ACME server" },
    {
      name: "acme_server",
      type: "string",
      default: "https://acme-v02.api.letsencrypt.org/directory",
      help: "Directory URL of the ACME server that issues certificates",
    },
    { name: "firewall", type: "bool", default: true, help: "Allow only SSH, 80, 443 and the extra ports" },
    { name: "extra_ports", type: "list", default: [], help: "More TCP ports that the firewall allows" },
  ],
  source: "//! Wipe a server and make it ready for apps.\n",
};

function found(name: string | undefined): ServerWithRoute | Response {
  const server = inventory.find((each) => each.name === name);
  if (server !== undefined) return withRoute(server);
  return problem(404, {
    code: "unknown_server",
    message: `there is no server '${name ?? ""}'`,
    hint: "infrakt server list",
  });
}

export const examples = new FakeApi()
  .on("GET /api/servers", () => inventory)
  .on("GET /api/servers/:name", (_, [name]) => found(name))
  .on("GET /api/servers/:name/status", (_, [name = ""]) =>
    name === "prod-3"
      ? problem(502, {
          code: "unreachable",
          message: "cannot reach 'prod-3' at 2001:db8::7:2222: no answer within 10 s",
          hint: "check its address and port: infrakt server show prod-3",
        })
      : aStatus({ server: name }),
  )
  .on("GET /api/servers/:name/plan", ({ query }, [name = ""]) => {
    const wipes = name !== "control" && query.get("keep_data") !== "true";
    const plan = aPlan({ wipes });
    return {
      ...plan,
      server: { ...plan.server, name, protected: name === "control" ? aHost().protected : [] },
    };
  })
  .on("POST /api/servers/:name/provision", () => ({ run_id: 12 }))
  .on("POST /api/servers", ({ body }) => ({
    ...aServer(body as Partial<Server>),
    reached: false,
    problem: "cannot reach it: no answer within 10 s",
  }))
  .on("GET /api/runs", ({ query }) =>
    [
      aRun({ id: 14, state: "running", ended_at: null, recipe: "motd.rhai" }),
      aRun(),
      aRun({ id: 9, state: "failed", reason: "step 2 failed" }),
    ].filter((run) => query.get("server") === null || run.server === query.get("server")),
  )
  .on("GET /api/groups/:id", () => ({
    id: "g3",
    recipe: "motd.rhai",
    parameters: {},
    stages: [],
    servers: [
      { server: "prod-2", run: 14, state: "running", left_out: null, reason: null },
      { server: "prod-3", run: null, state: null, left_out: "unreachable", reason: "no answer within 10 s" },
    ],
  }))
  .on("GET /api/runs/:id", () =>
    aRunWithSteps({
      id: 14,
      steps: [
        aRunStep(0, "changed"),
        aRunStep(1, null, { started_at: "2026-01-02T03:04:06Z" }),
        aRunStep(2, null),
      ],
    }),
  )
  .on("GET /api/apps", () => [anApp()])
  .on("GET /api/recipes", () => [provision])
  .on("GET /api/recipes/:name", () => provision);
