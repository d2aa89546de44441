//! A connection written and read byte by byte, from any address of this machine: what a program
//! that speaks HTTP properly would not do.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};
use tokio::net::TcpSocket;
use tokio::runtime::Runtime;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// Opens connections from one address of this machine (all of 127.0.0.0/8 are).
pub struct Dialer {
    runtime: Runtime,
    from: IpAddr,
    to: SocketAddr,
}

impl Dialer {
    /// To `http://127.0.0.1:port`, from `from`.
    pub fn new(base: &str, from: &str) -> Self {
        let to = base.strip_prefix("http://").expect("http");
        Self {
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_io()
                .build()
                .expect("a runtime"),
            from: from.parse().expect("an address"),
            to: to.parse().expect("an address and port"),
        }
    }

    pub fn connect(&self) -> Raw {
        let connection = self.runtime.block_on(async {
            let socket = TcpSocket::new_v4()?;
            socket.bind(SocketAddr::new(self.from, 0))?;
            socket.connect(self.to).await?.into_std()
        });
        let stream: TcpStream = connection.expect("the service listens");
        stream.set_nonblocking(false).expect("blocking");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        Raw(stream)
    }
}

/// One connection.
pub struct Raw(TcpStream);

impl Raw {
    /// False when the other side has gone.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.0.write_all(bytes.as_ref()).is_ok()
    }

    /// Everything until the other side closes; fails when it does not.
    #[track_caller]
    pub fn read_to_end(&mut self) -> String {
        let began = Instant::now();
        let mut answer = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            match self.0.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => answer.extend_from_slice(&buffer[..read]),
                // A reset ends a connection, too.
                Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
                Err(error) => panic!("still open after {:?}: {error}", began.elapsed()),
            }
        }
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Sends a byte from time to time until the other side has answered and closed; returns
    /// what it said. Fails when it is kept for as long as it likes.
    #[track_caller]
    pub fn trickle(&mut self, byte: impl AsRef<[u8]>) -> String {
        let began = Instant::now();
        let mut answer = Vec::new();
        let mut buffer = [0; 4096];
        let pause = Some(Duration::from_millis(200));
        self.0.set_read_timeout(pause).expect("a timeout");
        loop {
            assert!(
                began.elapsed() < PATIENCE,
                "kept open: {}",
                String::from_utf8_lossy(&answer)
            );
            match self.0.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => answer.extend_from_slice(&buffer[..read]),
                Err(error) if waits(&error) => {
                    if !self.send(&byte) {
                        break;
                    }
                }
                Err(_) => break,
            }
        }
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// What has come so far, without waiting for more; `None` when the other side has closed.
    pub fn peek(&mut self) -> Option<String> {
        let mut buffer = [0; 4096];
        self.0.set_nonblocking(true).expect("a mode");
        let read = self.0.read(&mut buffer);
        self.0.set_nonblocking(false).expect("a mode");
        match read {
            Ok(0) => None,
            Ok(read) => Some(String::from_utf8_lossy(&buffer[..read]).into_owned()),
            Err(error) => waits(&error).then(String::new),
        }
    }
}

fn waits(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}
