/**
 * What the API answers and takes, by the names of this dashboard. The types are made from docs/openapi.json, which the
 * service's own tests hold against its answers: `npm run schema` generates them.
 */

import type { components } from "./schema";

type Schemas = components["schemas"];

export type Health = Schemas["Health"];

export type Server = Schemas["ServerListed"];
export type ProtectionReason = Schemas["ProtectionReasonExplained"];
export type ServerWithRoute = Schemas["ServerShown"];
export type AddedServer = Schemas["ServerAdded"];
export type UpdatedServer = Schemas["ServerUpdated"];
export type NewServer = Schemas["NewServerBody"];
export type ServerChange = Schemas["ServerPatch"];

export type ServerStatus = Schemas["ServerStatus"];
export type Facts = Schemas["Facts"];
export type Container = Schemas["Container"];
export type Usage = Schemas["Usage"];
export type Space = Schemas["Space"];
export type Route = Schemas["RouteShown"];
export type JumpHost = Schemas["Host"];

export type Plan = Schemas["PlanShown"];
export type PlanStep = Schemas["Step"];
export type Effect = Schemas["Effect"];
export type Mark = Schemas["Mark"];
export type FileChange = Schemas["FileChange"];
export type Hunk = Schemas["Hunk"];
export type DiffLine = Schemas["DiffLine"];
export type Action = Schemas["Action"];
export type Content = Schemas["Content"];
/** A text, or a secret by its name. */
export type Piece = Schemas["Piece"];
export type Loss = Schemas["Loss"];
export type Losses = Schemas["Losses"];
export type LossKind = Exclude<keyof Losses, "docker_root">;
export type Parameters = Plan["parameters"];

export type Run = Schemas["Run"];
export type RunDetails = Schemas["RunShown"];
export type RunStep = Schemas["StepShown"];
export type RunState = Schemas["RunState"];
export type Outcome = Schemas["Outcome"];
export type RunEvent = Schemas["EventShown"];
export type Group = Schemas["RunGroup"];
export type GroupServer = Schemas["GroupServer"];
export type RunStarted = Schemas["Begun"];

export type PlanRequest = Schemas["PlanBody"];
export type ProvisionRequest = Schemas["ProvisionBody"];
export type RunRequest = Schemas["RunBody"];
export type ResumeRequest = Schemas["ResumeBody"];

export type Recipe = Schemas["RecipeListed"];
export type RecipeDetails = Schemas["RecipeShown"];
export type RecipeParameter = Schemas["Parameter"];

export type App = Schemas["App"];

/** An error, as every call answers it. */
export type Problem = Schemas["Problem"];
