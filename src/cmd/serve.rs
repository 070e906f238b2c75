//! `infrakt serve`: the HTTP API and the dashboard.

use super::{Context, output};
use crate::document::service::{ApiKeyShown, ServiceListening};
use crate::error::{Error, Exit, Result};
use crate::http::key::ApiKey;
use crate::http::service::Service;
use crate::http::{Http, Options};
use crate::prompt;
use clap::Args;
use std::io::{IsTerminal, stderr};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

/// Serve the dashboard and the HTTP API
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  infrakt serve                                 http://127.0.0.1:8000, local only
  infrakt serve --bind 127.0.0.1:0              on a free port
  infrakt serve --public-host ops.example.com   behind a TLS proxy for that name
  curl -H \"X-API-Key: $(infrakt serve --print-key)\" \\
      http://127.0.0.1:8000/api/servers

The first start creates the API key, which every request needs. Ctrl-C ends the
service after the current steps of its runs; a second Ctrl-C ends the steps too.
The runs can be resumed.")]
pub struct ServeArgs {
    /// Address and port to listen on; can be repeated; port 0 picks a free port
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8000", value_parser = address)]
    bind: Vec<SocketAddr>,
    /// Domain under which browsers reach it through a proxy; can be repeated
    #[arg(long, value_name = "DOMAIN")]
    public_host: Vec<String>,
    /// Print the API key and exit; creates the key if there is none yet
    #[arg(long, conflicts_with_all = ["bind", "public_host"])]
    print_key: bool,
}

pub fn run(args: ServeArgs, context: &Context) -> Result<Exit> {
    let home = context.made_home()?;
    let key = ApiKey::open(&home)?;
    if args.print_key {
        print_key(&key, context)?;
        return Ok(Exit::Done);
    }
    let key_file = home.api_key_path();
    let made = key.made;
    if made {
        tell_of_key(&key, &key_file);
    }
    let options = Options {
        bind: args.bind,
        public_hosts: args.public_host,
        log: context.verbose > 0,
    };
    let service = Arc::new(Service::new(home)?);
    let mut http = Http::start(&options, key, Arc::clone(&service))?;
    // From here on a signal ends it in order.
    prompt::count_all_interrupts();
    announce(&http, made, &key_file, context)?;
    if http.is_reachable_by_others() {
        output::note(
            "warning: other computers can reach this address without TLS, so anyone on the way can read the API key; \
             put a TLS proxy in front and bind to 127.0.0.1",
        );
    }
    http.serve(&|| prompt::interrupts() > 0);
    let before = service.interrupted();
    if service.running() > 0 {
        output::note(&format!(
            "ending after the current step of {}; Ctrl-C again to end it now",
            output::count(service.running(), "run")
        ));
    }
    http.end(&prompt::interrupts);
    // Those that were stopped by a call are not this end's doing.
    let interrupted = service.interrupted() - before + service.running();
    if interrupted == 0 {
        return Ok(Exit::Done);
    }
    Err(Error::Run {
        message: format!("{} interrupted", output::count(interrupted, "run")),
        exit: Exit::Interrupted,
        hint: Some("list them: infrakt runs list; to continue one: infrakt runs resume ID".to_owned()),
    })
}

fn print_key(key: &ApiKey, context: &Context) -> Result<()> {
    if context.json {
        return output::json(&ApiKeyShown {
            api_key: key.secret().expose(),
        });
    }
    output::line(key.secret().expose())
}

/// Shows a new key once, on a terminal. Other outputs may be kept, so they get only the path of the key.
fn tell_of_key(key: &ApiKey, file: &Path) {
    let file = file.display();
    output::note(&if stderr().is_terminal() {
        format!(
            "API key (shown only once): {}\nit is stored in {file}; to print it again: infrakt serve --print-key",
            key.secret().expose()
        )
    } else {
        format!("created an API key in {file}; to print it: infrakt serve --print-key")
    });
}

/// Prints where it listens: the first line on stdout, for programs that wait for it.
fn announce(http: &Http, made: bool, key_file: &Path, context: &Context) -> Result<()> {
    let addresses: Vec<String> = http
        .addresses()
        .iter()
        .map(|address| format!("http://{address}"))
        .collect();
    if context.json {
        return output::json_line(&ServiceListening {
            listening: addresses,
            api_key_file: key_file.display().to_string(),
            api_key_made: made,
        });
    }
    let lines: Vec<String> = addresses
        .iter()
        .map(|address| format!("listening on {address}"))
        .collect();
    output::line(&lines.join("\n"))
}

/// Reads `127.0.0.1:8000`, `[::1]:8000` or `localhost:8000`.
fn address(text: &str) -> std::result::Result<SocketAddr, String> {
    let local = text
        .strip_prefix("localhost:")
        .and_then(|port| port.parse().ok())
        .map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    local.or_else(|| text.parse().ok()).ok_or_else(|| {
        "give an address and a port, such as 127.0.0.1:8000, [::1]:8000, or 0.0.0.0:8000 for all addresses".to_owned()
    })
}
