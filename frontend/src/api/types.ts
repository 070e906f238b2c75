/** What the API answers and takes, as docs/api.md says it. */

export interface Server {
  id: number;
  name: string;
  host: string;
  port: number | null;
  user: string | null;
  ssh_key_path: string | null;
  provider: string | null;
  host_key: string | null;
  machine_id: string | null;
  is_infrakt_host: boolean;
  status: string | null;
  tags: string[];
  created_at: string;
  updated_at: string;
  /** Why nothing may be destroyed there, as far as the inventory knows; empty for an ordinary server. */
  protected: string[];
}

export interface JumpHost {
  name: string;
  host: string;
  port: number;
  user: string;
}

export interface Route {
  host: string;
  port: number;
  user: string;
  jump_hosts: JumpHost[];
  proxy_command: string | null;
  ssh_configuration: Record<string, string>;
  note?: string | null;
}

export interface ServerWithRoute extends Server {
  route?: Route | null;
  route_problem?: string | null;
}

export interface AddedServer extends Server {
  reached: boolean;
  problem: Problem | string | null;
}

export interface UpdatedServer extends Server {
  notes: string[];
}

/** An error in the shape that every call answers with. */
export interface Problem {
  code: string;
  message: string;
  hint: string | null;
  field?: string | null;
}

export interface NewServer {
  name: string;
  host: string;
  user?: string;
  port?: number;
  ssh_key_path?: string;
  provider?: string;
  host_key?: string;
  tags?: string[];
  is_infrakt_host?: boolean;
}

/** What changes; null takes a value away. */
export interface ServerChange {
  host?: string;
  user?: string | null;
  port?: number | null;
  ssh_key_path?: string | null;
  provider?: string | null;
  host_key?: string | null;
  tags?: string[];
  is_infrakt_host?: boolean;
  confirm?: string;
}

export interface Container {
  name: string;
  image: string;
  /** As Docker calls it: running, exited, … */
  state: string;
}

export interface Facts {
  format: number;
  os: { id: string; version: string; codename: string; name: string };
  arch: string;
  kernel: string;
  hostname: string;
  machine_id: string | null;
  host_keys: string[];
  marker: boolean;
  runs_this_infrakt: boolean;
  ssh_ports: number[];
  reboot_required: boolean;
  docker: {
    installed: boolean;
    running: boolean;
    version: string;
    package_name: string;
    compose: boolean;
    swarm: boolean;
    containers: Container[];
    images: { name: string; size: string }[];
    volumes: { name: string; driver: string; bytes: number | null; device?: string | null }[];
    networks: string[];
  };
  opt_infrakt: { kind: string; bytes: number | null; mounts: string[]; backups: number };
}

export interface Space {
  total_bytes: number;
  available_bytes: number;
}

export interface Usage {
  uptime_seconds: number;
  processors: number;
  /** Averages of 1, 5 and 15 minutes. */
  load: number[];
  memory: Space;
  swap: Space;
  disks: (Space & { mount: string })[];
}

export interface ServerStatus {
  server: string;
  status: string | null;
  protected: string[];
  route: Route;
  facts: Facts;
  usage: Usage;
}

export type Effect = "read" | "change" | "destroy";
export type Mark = "would_change" | "unchanged" | "looks";
export type Parameter = string | number | boolean | null;
export type Parameters = Record<string, unknown>;

export interface SecretPlace {
  secret: string;
}

export type Action =
  | { kind: "run"; command: string }
  | { kind: "upload"; path: string; content: string | SecretPlace; mode: string; owner: string }
  | { kind: "reconnect"; reboot: boolean }
  | { kind: "state"; change: string | { set_status: string } };

export interface PlanStep {
  section?: string | null;
  title: string;
  effect: Effect;
  action: Action;
  unless?: string[];
  only_if?: string[];
  undo?: { command: string; after_seconds: number } | null;
  idempotent?: boolean;
  env?: Record<string, string | SecretPlace>;
  timeout_seconds: number;
  origin: { file: string; line: number };
}

export interface Loss {
  name: string;
  detail?: string | null;
}

export type LossKind =
  "containers" | "images" | "volumes" | "networks" | "paths" | "apps" | "deployments" | "env_files";

export type Losses = Record<LossKind, Loss[]>;

export interface Plan {
  format: number;
  recipe: { name: string; sources: Record<string, string> };
  server: {
    id: number;
    name: string;
    host: string;
    port: number;
    user: string;
    host_key: string | null;
    machine_id: string | null;
    protected: string[];
  };
  parameters: Parameters;
  /** Names of the secrets that a run needs values for. */
  secrets: string[];
  offline: boolean;
  losses: Losses;
  consent_before: number | null;
  steps: PlanStep[];
  digest: string;
  marks?: Mark[];
  printed?: string | string[];
  needs_consent: boolean;
  /** The error with which a run of it would be refused now. */
  refused: Problem | null;
}

export interface PlanRequest {
  recipe: string;
  parameters?: Parameters;
}

export interface ProvisionRequest {
  keep_data?: boolean;
  parameters?: Parameters;
  confirm?: string;
  digest?: string;
  secrets?: Record<string, string>;
}

export interface RunRequest {
  recipe: string;
  server: string;
  parameters?: Parameters;
  confirm?: string;
  digest?: string;
  secrets?: Record<string, string>;
}

export interface ResumeRequest {
  unknown?: "again" | "done";
  confirm?: string;
  secrets?: Record<string, string>;
}

export interface RunStarted {
  run_id: number;
}

export type RunState = "running" | "done" | "failed" | "interrupted";

export interface Run {
  id: number;
  server: string;
  /** Null if the server's row is gone. */
  server_id: number | null;
  recipe: string;
  digest: string;
  state: RunState;
  reason: string | null;
  operator: string;
  computer: string;
  pid: number | null;
  started_at: string;
  ended_at: string | null;
  group: string | null;
}

export type Outcome = "changed" | "unchanged" | "failed" | "skipped" | "unknown";

export interface RunStep {
  /** The index in the plan, from 0. */
  step: number;
  section: string | null;
  title: string;
  effect: Effect;
  outcome: Outcome | null;
  exit_status: number | null;
  duration_ms: number | null;
  reason: string | null;
  started_at: string | null;
  ended_at: string | null;
}

export interface RunDetails extends Run {
  consent: { server: string; digest: string; who: string; how: string; at: string } | null;
  notices: { message: string; at?: string }[] | string[];
  resumable: boolean;
  steps: RunStep[];
}

export type RunEvent =
  | { event: "step_started"; run: number; server: string; step: number; title: string }
  | { event: "output"; run: number; server: string; step: number; stream: "stdout" | "stderr"; text: string }
  | {
      event: "step_ended";
      run: number;
      server: string;
      step: number;
      title: string;
      outcome: Outcome;
      exit_status: number | null;
      duration_ms: number;
      reason: string | null;
    }
  | { event: "notice"; run: number; server: string; message: string }
  | { event: "run_ended"; run: number; server: string; state: RunState; reason: string | null };

export interface Recipe {
  name: string;
  kept_by: "shipped" | "user" | "path";
  overrides_shipped: boolean;
  description: string;
}

export interface RecipeParameter {
  name: string;
  type: string;
  default: unknown;
  /** Left out where any value will do. */
  choices?: string[] | null;
  help: string;
}

export interface RecipeDetails extends Recipe {
  parameters: RecipeParameter[];
  source: string;
}

export interface App {
  id: number;
  name: string;
  server_id: number;
  server_name: string;
  image: string;
  created_at: string;
}
