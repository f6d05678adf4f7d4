//! One connection: secured if the server is, and ended by its client, by the server's end, or when its bearer is not known any
//! more.

use std::convert::Infallible;
use std::future::pending;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::limits::Patient;
use super::tls::Bearer;
use super::{Place, SAY, Server, answer};

/// Answers under way to somebody who has to come in anew are given up after this.
const LEAVE: Duration = Duration::from_secs(2);

/// Answers what is asked on one connection, for as long as there is a place for it.
pub(super) async fn serve(server: Rc<Server>, stream: TcpStream, client: SocketAddr, place: Place) {
    let _place = place;
    // Events are small and must not wait for each other.
    let _ = stream.set_nodelay(true);
    let stream = Patient::new(stream);
    let Some(tls) = &server.tls else { return speak(&server, stream, client, None, pending()).await };
    if let Some(secured) = tls.accept(stream).await {
        let (stream, bearer, unknown) = secured.into_parts();
        speak(&server, stream, client, bearer, unknown).await;
    }
}

/// One connection, until it ends, the server does, or its bearer may not be known any more: who is, comes again.
async fn speak<S>(
    server: &Rc<Server>,
    stream: S,
    client: SocketAddr,
    bearer: Option<Bearer>,
    unknown: impl Future<Output = ()>,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let service = service_fn(|mut request: Request<Incoming>| {
        if let Some(bearer) = &bearer {
            request.extensions_mut().insert(bearer.clone());
        }
        let server = Rc::clone(server);
        async move { Ok::<_, Infallible>(answer(&server, request, client).await) }
    });
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(SAY).max_buf_size(64 * 1024);
    let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
    // A client that goes away ends its own connection, and nothing else.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = unknown => {
            connection.as_mut().graceful_shutdown();
            // What is being answered was asked by somebody who was known; what goes on for ever ends all the same.
            let _ = timeout(LEAVE, connection).await;
            return;
        }
        _ = server.interrupt.nth(1) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}
