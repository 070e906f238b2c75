//! `infrakt serve`: the HTTP API and the dashboard.

use super::{Context, output};
use crate::error::{Exit, Result};
use crate::http::Http;
use crate::http::key::ApiKey;
use crate::http::service::Service;
use crate::prompt;
use clap::Args;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Serve the dashboard and the HTTP API
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Where to listen; may be repeated; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8000")]
    bind: Vec<SocketAddr>,
    /// Print the API key and end
    #[arg(long)]
    print_key: bool,
}

pub fn run(args: ServeArgs, context: &Context) -> Result<Exit> {
    let home = context.home()?;
    let key = ApiKey::open(&home)?;
    if args.print_key {
        output::line(key.secret().expose())?;
        return Ok(Exit::Done);
    }
    let service = Arc::new(Service::new(home)?);
    prompt::count_interrupts();
    let http = Http::bind(args.bind[0], key, Arc::clone(&service))?;
    output::line(&format!("listening on http://{}", http.address()))?;
    http.serve(&prompt::interrupts)?;
    service.stop_runs();
    service.wait_for_runs(Duration::from_secs(3600));
    Ok(Exit::Done)
}
