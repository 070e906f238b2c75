/** Documents as the API answers them, for tests and for `npm run dev` without a service. */

import type {
  App,
  DiffLine,
  FileChange,
  Losses,
  Plan,
  PlanStep,
  Run,
  Server,
  ServerStatus,
  ServerWithRoute,
} from "../api/types";

export function aServer(over: Partial<Server> = {}): Server {
  return {
    id: 2,
    name: "prod-2",
    host: "192.0.2.7",
    port: null,
    user: null,
    ssh_key_path: null,
    provider: "hetzner",
    host_key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINWTkQp1gnwr3gb92kyYC3XQC/XjJ5uV8x50J+2EnbxI",
    engine_id: null,
    machine_id: "70ae4b0b6b294498b7e3da2a047d1a6d",
    is_infrakt_host: false,
    status: "provisioned",
    tags: ["web", "shop"],
    vars: {},
    created_at: "2026-01-02T03:04:05Z",
    updated_at: "2026-01-02T03:04:05Z",
    protected: [],
    last_run: null,
    ...over,
  };
}

export function aHost(over: Partial<Server> = {}): Server {
  return aServer({
    id: 1,
    name: "control",
    host: "192.0.2.1",
    is_infrakt_host: true,
    tags: [],
    protected: [{ code: "marked_row", message: "its row says that it hosts infrakt" }],
    ...over,
  });
}

/** The server with the way there, as its own address answers it. */
export function withRoute(server: Server): ServerWithRoute {
  const variables = Object.fromEntries(
    Object.entries(server.vars).map(([name, value]) => [name, { value, own: true, tags: {} }]),
  );
  return { ...server, variables, route: { ...aStatus().route, host: server.host } };
}

export const noLosses: Losses = {
  containers: [],
  images: [],
  volumes: [],
  networks: [],
  stacks: [],
  services: [],
  secrets: [],
  configs: [],
  paths: [],
  apps: [],
  deployments: [],
  env_files: [],
};

export const someLosses: Losses = {
  ...noLosses,
  containers: [
    { name: "db", detail: "postgres:16, running" },
    { name: "web", detail: "shop/web:1.5, running" },
    { name: "migrate", detail: "shop/web:1.4, exited" },
  ],
  images: [
    { name: "postgres:16", detail: "438MB" },
    { name: "shop/web:1.5", detail: "96MB" },
  ],
  volumes: [
    { name: "41d5ff4c533fd02af6ecd092cb8ddc4e53d077eb65314aa50336aa0193f62019", detail: "0 B" },
    { name: "pgdata", detail: "4.2 MB" },
    { name: "uploads", detail: "8 B" },
  ],
  networks: [{ name: "backend" }],
  paths: [{ name: "/opt/infrakt", detail: "600 kB, with 3 backups in backups/" }],
  apps: [{ name: "shop", detail: "shop/web:1.5" }],
  env_files: [{ name: "shop" }],
};

export function aStep(over: Partial<PlanStep> = {}): PlanStep {
  return {
    section: "Docker",
    title: "Start docker, now and at every boot",
    effect: "change",
    action: { kind: "run", command: "systemctl enable --now docker" },
    timeout_seconds: 300,
    origin: { file: "lib/docker.rhai", kept_by: "shipped", line: 12 },
    ...over,
  };
}

const WIPE: PlanStep[] = [
  aStep({
    section: "Wipe",
    origin: { file: "lib/wipe.rhai", kept_by: "shipped", line: 143 },
    title: "Docker answers",
    effect: "check",
    action: { kind: "run", command: "docker version --format 'Docker {{.Server.Version}}'" },
    only_if: ["command -v docker"],
  }),
  aStep({
    section: "Wipe",
    origin: { file: "lib/wipe.rhai", kept_by: "shipped", line: 143 },
    title: "Remove all containers, images and networks",
    effect: "destroy",
    action: { kind: "run", command: "docker system prune -af --volumes" },
    unless: ['test -z "$(docker ps --all --quiet)"'],
  }),
  aStep({
    section: "Wipe",
    origin: { file: "lib/wipe.rhai", kept_by: "shipped", line: 143 },
    title: "Remove the named volumes",
    effect: "destroy",
    action: {
      kind: "run",
      command: 'volumes=$(docker volume ls --quiet)\n[ -z "$volumes" ] || docker volume rm $volumes',
    },
  }),
  aStep({
    section: "Wipe",
    origin: { file: "lib/wipe.rhai", kept_by: "shipped", line: 143 },
    title: "Remove /opt/infrakt",
    effect: "destroy",
    action: { kind: "run", command: "rm -rf --one-file-system /opt/infrakt/" },
    unless: ["test ! -e /opt/infrakt"],
  }),
  aStep({
    section: "Wipe",
    origin: { file: "lib/wipe.rhai", kept_by: "shipped", line: 143 },
    title: "Forget the server's apps and their env files",
    effect: "destroy",
    action: { kind: "state", change: "forget_apps" },
    idempotent: true,
  }),
];

const PROVISION: PlanStep[] = [
  aStep({ unless: ["systemctl is-active docker"] }),
  aStep({
    section: "Traefik",
    title: "Configure Traefik",
    action: {
      kind: "upload",
      path: "/opt/infrakt/traefik/traefik.yml",
      content: "entryPoints:\n  web:\n    address: :80\n",
      mode: "0644",
      owner: "root:root",
    },
  }),
  aStep({
    section: "Firewall",
    title: "Turn on the firewall",
    action: { kind: "run", command: "ufw --force enable" },
    undo: { command: "ufw disable", after_seconds: 120 },
  }),
  aStep({
    section: "Proof",
    title: "Traefik runs",
    effect: "check",
    action: { kind: "run", command: "docker inspect --format '{{.State.Status}}' traefik" },
  }),
];

const line = (kind: DiffLine["kind"], text: string | null): DiffLine => ({ kind, text });

/** How a file changes: two lines are replaced by three, and one is added far below. */
export function aFileChange(over: Partial<FileChange> = {}): FileChange {
  return {
    step: 1,
    path: "/etc/nginx/sites-available/shop",
    new: false,
    mode: { from: "0664", to: "0644" },
    lines: { added: 4, removed: 2 },
    hunks: [
      {
        from_line: 1,
        to_line: 1,
        lines: [
          line("same", "server {"),
          line("removed", "    listen 80;"),
          line("removed", "    server_name shop.example.org;"),
          line("added", "    listen 443 ssl;"),
          line("added", "    listen [::]:443 ssl;"),
          line("added", "    server_name shop.example.org www.shop.example.org;"),
          line("same", "    root /srv/shop;"),
        ],
      },
      {
        from_line: 31,
        to_line: 32,
        lines: [line("same", "    }"), line("added", "    access_log off;"), line("same", "}")],
      },
    ],
    ...over,
  };
}

/** A plan of `provision`: with the wipe, or without it as for a protected server. */
export function aPlan(over: Partial<Plan> & { wipes?: boolean } = {}): Plan {
  const { wipes = true, ...rest } = over;
  const server = aServer();
  const steps = wipes ? [...WIPE, ...PROVISION] : PROVISION;
  return {
    format: 1,
    recipe: {
      name: "provision.rhai",
      kept_by: "shipped",
      overrides_shipped: false,
      sources: {
        "provision.rhai": { kept_by: "shipped", sha256: "2dbc8f05" },
        "lib/wipe.rhai": { kept_by: "shipped", sha256: "77a1c3e0" },
      },
    },
    server: {
      id: server.id,
      name: server.name,
      host: server.host,
      port: 22,
      user: "root",
      host_key: server.host_key,
      machine_id: server.machine_id,
      protected: [],
    },
    parameters: { email: "", extra_ports: [], firewall: true, keep_data: !wipes },
    secrets: [],
    offline: false,
    losses: wipes ? someLosses : noLosses,
    losses_complete: true,
    consent_before: wipes ? 0 : null,
    steps,
    digest: wipes ? "d506882013903ea531bed7429517ca17" : "0f2b6a55c0ffee00",
    marks: steps.map((step) =>
      step.effect === "check" ? "check" : step.unless ? "no_change" : "would_change",
    ),
    printed: [],
    needs_consent: wipes,
    refused: null,
    ...rest,
  };
}

export function aStatus(over: Partial<ServerStatus> = {}): ServerStatus {
  const server = aServer();
  return {
    server: server.name,
    status: server.status,
    protected: [],
    route: {
      host: server.host,
      port: 22,
      user: "root",
      jump_hosts: [],
      proxy_command: null,
      ssh_configuration: {},
    },
    facts: {
      format: 1,
      os: { id: "debian", version: "13", codename: "trixie", name: "Debian GNU/Linux 13 (trixie)" },
      arch: "amd64",
      kernel: "6.12.48+deb13-amd64",
      hostname: "prod-2",
      machine_id: server.machine_id,
      host_keys: [],
      marker: false,
      runs_this_infrakt: false,
      ssh_ports: [22],
      reboot_required: false,
      docker: {
        installed: true,
        running: true,
        version: "26.1.5",
        package_name: "docker.io",
        compose: true,
        unit: "",
        journal: "",
        id: "5e16402b-d1db-48a4-9bad-d2bab7d9777e",
        root: "/var/lib/docker",
        driver: "overlay2",
        swarm: false,
        containers: [
          { id: "1d", name: "db", image: "postgres:16", state: "running" },
          { id: "2d", name: "web", image: "shop/web:1.5", state: "running" },
          { id: "3d", name: "migrate", image: "shop/web:1.4", state: "exited" },
        ],
        images: [{ id: "sha256:1d", name: "postgres:16", size: "438MB" }],
        volumes: [{ name: "pgdata", driver: "local", created: "2026-07-01T12:00:00Z", bytes: 4_200_000 }],
        networks: [{ id: "4d", name: "backend" }],
      },
      opt_infrakt: { kind: "directory", bytes: 600_000, mounts: [], backups: 3, entries: [] },
      obstacles: [],
    },
    usage: {
      uptime_seconds: 86_400 * 12,
      processors: 2,
      load: [0.31, 0.4, 0.52],
      memory: { total_bytes: 4_005_834_752, available_bytes: 3_103_834_112 },
      swap: { total_bytes: 0, available_bytes: 0 },
      disks: [{ mount: "/", total_bytes: 40_000_000_000, available_bytes: 31_000_000_000 }],
    },
    ...over,
  };
}

export function aRun(over: Partial<Run> = {}): Run {
  return {
    id: 12,
    server: "prod-2",
    server_id: 2,
    recipe: "provision.rhai",
    digest: "d506882013903ea531bed7429517ca17",
    state: "done",
    reason: null,
    operator: "alice@laptop",
    computer: "laptop",
    pid: 4711,
    started_at: "2026-01-02T03:04:05Z",
    ended_at: "2026-01-02T03:05:35Z",
    paused_ms: 0,
    group: null,
    stage: null,
    ...over,
  };
}

export function anApp(over: Partial<App> = {}): App {
  return {
    id: 1,
    name: "shop",
    server_id: 2,
    server_name: "prod-2",
    image: "shop/web:1.5",
    created_at: "2026-01-02T03:04:05Z",
    ...over,
  };
}
