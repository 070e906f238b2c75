//! The one table of routes: dispatch and the OpenAPI document are both made from it.

use super::super::answer::Answer;
use super::super::openapi;
use super::super::problem::Problem;
use super::super::request::Method;
use super::call::{Call, ok};
use super::route::{Body, Good, Route};
use super::{apps, events, plans, recipes, runs, servers, tags};
use crate::document::event::EventShown;
use crate::document::plan::PlanShown;
use crate::document::recipe::{RecipeListed, RecipeShown};
use crate::document::run::RunShown;
use crate::document::server::{ServerAdded, ServerListed, ServerShown, ServerStatus, ServerUpdated};
use crate::store::{App, Run, RunGroup, Tag};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;

fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

const fn required<T: JsonSchema>() -> Option<Body> {
    Some(Body {
        schema: of::<T>,
        required: true,
    })
}

const fn if_any<T: JsonSchema>() -> Option<Body> {
    Some(Body {
        schema: of::<T>,
        required: false,
    })
}

/// Whether the service is up.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Health {
    /// `ok`.
    status: &'static str,
    version: &'static str,
}

fn health(_call: &Call<'_>) -> Result<Answer, Problem> {
    ok(&Health {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
    })
}

fn document(_call: &Call<'_>) -> Result<Answer, Problem> {
    Ok(Answer::ok(openapi::document(ROUTES)))
}

/// Every call under `/api`.
pub static ROUTES: &[Route] = &[
    Route {
        method: Method::Get,
        path: "/api/health",
        name: "health",
        summary: "Whether the service is up; needs no key",
        query: None,
        body: None,
        answer: Good::Json(200, of::<Health>),
        refusals: &[],
        handler: health,
    },
    Route {
        method: Method::Get,
        path: "/api/servers",
        name: "listServers",
        summary: "The servers of the inventory, by name",
        query: Some(of::<servers::ServersQuery>),
        body: None,
        answer: Good::Json(200, of::<Vec<ServerListed>>),
        refusals: &[422],
        handler: servers::list,
    },
    Route {
        method: Method::Post,
        path: "/api/servers",
        name: "addServer",
        summary: "Add a server, record its host key, and test the login; a server that can't be reached is saved too",
        query: None,
        body: required::<servers::NewServerBody>(),
        answer: Good::Json(201, of::<ServerAdded>),
        refusals: &[409, 422],
        handler: servers::add,
    },
    Route {
        method: Method::Get,
        path: "/api/servers/{name}",
        name: "showServer",
        summary: "A server's recorded values, and how it would be reached",
        query: None,
        body: None,
        answer: Good::Json(200, of::<ServerShown>),
        refusals: &[404],
        handler: servers::show,
    },
    Route {
        method: Method::Patch,
        path: "/api/servers/{name}",
        name: "updateServer",
        summary: "Change a server's recorded values",
        query: None,
        body: required::<servers::ServerPatch>(),
        answer: Good::Json(200, of::<ServerUpdated>),
        refusals: &[404, 409, 422],
        handler: servers::update,
    },
    Route {
        method: Method::Delete,
        path: "/api/servers/{name}",
        name: "removeServer",
        summary: "Remove a server from the inventory; the server itself is not changed",
        query: None,
        body: if_any::<servers::ServerRemoval>(),
        answer: Good::Nothing,
        refusals: &[404, 409, 422],
        handler: servers::remove,
    },
    Route {
        method: Method::Get,
        path: "/api/tags",
        name: "listTags",
        summary: "The tags of servers, with their variables",
        query: None,
        body: None,
        answer: Good::Json(200, of::<Vec<Tag>>),
        refusals: &[],
        handler: tags::list,
    },
    Route {
        method: Method::Get,
        path: "/api/tags/{name}",
        name: "showTag",
        summary: "A tag with its servers and variables",
        query: None,
        body: None,
        answer: Good::Json(200, of::<Tag>),
        refusals: &[404],
        handler: tags::show,
    },
    Route {
        method: Method::Patch,
        path: "/api/tags/{name}",
        name: "updateTag",
        summary: "Set or remove variables of a tag, which a server may not have yet",
        query: None,
        body: required::<tags::TagPatch>(),
        answer: Good::Json(200, of::<Tag>),
        refusals: &[404, 422],
        handler: tags::update,
    },
    Route {
        method: Method::Get,
        path: "/api/servers/{name}/status",
        name: "serverStatus",
        summary: "What a server itself reports: facts and usage",
        query: None,
        body: None,
        answer: Good::Json(200, of::<ServerStatus>),
        refusals: &[404, 502],
        handler: servers::status,
    },
    Route {
        method: Method::Get,
        path: "/api/servers/{name}/plan",
        name: "plan",
        summary: "What a recipe would do on a server, step by step, without running any step",
        query: Some(of::<plans::PlanQuery>),
        body: None,
        answer: Good::Json(200, of::<PlanShown>),
        refusals: &[404, 422, 502],
        handler: plans::get,
    },
    Route {
        method: Method::Post,
        path: "/api/servers/{name}/plan",
        name: "planWithParameters",
        summary: "What a recipe would do on a server with these parameters, without running any step",
        query: None,
        body: required::<plans::PlanBody>(),
        answer: Good::Json(200, of::<PlanShown>),
        refusals: &[404, 422, 502],
        handler: plans::post,
    },
    Route {
        method: Method::Post,
        path: "/api/servers/{name}/provision",
        name: "provision",
        summary: "Provision a server; wipes it first, unless it is protected or its data is kept",
        query: None,
        body: if_any::<runs::ProvisionBody>(),
        answer: Good::Json(202, of::<runs::Begun>),
        refusals: &[404, 409, 422, 502],
        handler: runs::provision,
    },
    Route {
        method: Method::Get,
        path: "/api/recipes",
        name: "listRecipes",
        summary: "The recipes that can be run by name",
        query: None,
        body: None,
        answer: Good::Json(200, of::<Vec<RecipeListed>>),
        refusals: &[],
        handler: recipes::list,
    },
    Route {
        method: Method::Get,
        path: "/api/recipes/{name}",
        name: "showRecipe",
        summary: "A recipe with its source and parameters",
        query: None,
        body: None,
        answer: Good::Json(200, of::<RecipeShown>),
        refusals: &[404],
        handler: recipes::show,
    },
    Route {
        method: Method::Post,
        path: "/api/runs",
        name: "beginRun",
        summary: "Run a recipe on a server",
        query: None,
        body: required::<runs::RunBody>(),
        answer: Good::Json(202, of::<runs::Begun>),
        refusals: &[404, 409, 422, 502],
        handler: runs::begin,
    },
    Route {
        method: Method::Get,
        path: "/api/runs",
        name: "listRuns",
        summary: "The runs of the journal, newest first",
        query: Some(of::<runs::RunsQuery>),
        body: None,
        answer: Good::Json(200, of::<Vec<Run>>),
        refusals: &[422],
        handler: runs::list,
    },
    Route {
        method: Method::Get,
        path: "/api/runs/{id}",
        name: "showRun",
        summary: "A run with its consent, steps and notices",
        query: None,
        body: None,
        answer: Good::Json(200, of::<RunShown>),
        refusals: &[404],
        handler: runs::show,
    },
    Route {
        method: Method::Get,
        path: "/api/runs/{id}/events",
        name: "runEvents",
        summary: "The past and future events of a run, until it ends; Last-Event-ID starts after that event",
        query: None,
        body: None,
        answer: Good::Events(of::<EventShown>),
        refusals: &[404, 422],
        handler: events::follow,
    },
    Route {
        method: Method::Post,
        path: "/api/runs/{id}/stop",
        name: "stopRun",
        summary: "Stop a run after its current step",
        query: None,
        body: if_any::<runs::StopBody>(),
        answer: Good::Json(202, of::<Run>),
        refusals: &[404, 409, 422],
        handler: runs::stop,
    },
    Route {
        method: Method::Post,
        path: "/api/runs/{id}/resume",
        name: "resumeRun",
        summary: "Resume a failed or interrupted run from its first unfinished step",
        query: None,
        body: if_any::<runs::ResumeBody>(),
        answer: Good::Json(202, of::<runs::Begun>),
        refusals: &[404, 409, 422, 502],
        handler: runs::resume,
    },
    Route {
        method: Method::Get,
        path: "/api/groups/{name}",
        name: "showGroup",
        summary: "What one command did on several servers, with its retries: each server with its last run",
        query: None,
        body: None,
        answer: Good::Json(200, of::<RunGroup>),
        refusals: &[404],
        handler: runs::show_group,
    },
    Route {
        method: Method::Get,
        path: "/api/apps",
        name: "listApps",
        summary: "The apps of the inventory, by name",
        query: Some(of::<apps::AppsQuery>),
        body: None,
        answer: Good::Json(200, of::<Vec<App>>),
        refusals: &[404, 422],
        handler: apps::list,
    },
    Route {
        method: Method::Get,
        path: "/api/openapi.json",
        name: "openapi",
        summary: "This document",
        query: None,
        body: None,
        answer: Good::Json(200, of::<openapi::OpenApiDocument>),
        refusals: &[],
        handler: document,
    },
];
