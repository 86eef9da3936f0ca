//! The other end of a connection: slow, silent, too large, or never there. Raw sockets, because no client that
//! is any good behaves like this.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use warmline::caller::{Call, CallError, Ending, Rate};

use crate::bridge::{SOON, TestBridge, task};
use crate::model::{Step, last_words};

/// Without signatures, so that a socket can be opened by hand.
const OPEN: [(&str, &str); 2] = [("TWILIO_AUTH_TOKEN", ""), ("PUBLIC_URL", "")];

async fn bridge(limits: &str) -> TestBridge {
    TestBridge::configured(&format!("[limits]\n{limits}\n"), &OPEN, |request| {
        if last_words(request).contains("novel") {
            (0..100).map(|_| Step::Say(format!("{} ", "a".repeat(20_000)))).collect()
        } else {
            vec![Step::Say("It arrives tomorrow.".to_owned())]
        }
    })
    .await
}

/// Opens the relay socket of a call by hand, and sends these frames.
async fn opened(bridge: &TestBridge, call: &Call, frames: &[serde_json::Value]) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4 * 1024).unwrap();
    let port = bridge.base.port().unwrap();
    let mut stream = socket.connect(([127, 0, 0, 1], port).into()).await.unwrap();
    let connect = call.document().unwrap().child("Connect").unwrap();
    let url = connect.child("ConversationRelay").unwrap().attribute("url").unwrap();
    let path = url.split_once(&port.to_string()).unwrap().1;
    let handshake = format!(
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(handshake.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 101");
    for frame in frames {
        stream.write_all(&masked(frame.to_string().as_bytes())).await.unwrap();
    }
    stream
}

/// A text frame as a client sends it; a mask of zeros changes nothing.
fn masked(payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    [&[0x81, 0x80 | 126], &length[..], &[0; 4], payload].concat()
}

fn setup(call: &Call) -> serde_json::Value {
    json!({"type": "setup", "sessionId": "VX1", "callSid": call.sid(), "from": "+15551230000", "to": "+1555"})
}

async fn until_nobody_is_live(bridge: &TestBridge) {
    let gone = async {
        while bridge.inner.calls.count() > 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(SOON, gone).await.expect("the session is given up");
}

#[tokio::test]
async fn hundreds_of_sockets_without_a_setup_are_closed_in_time_and_disturb_nobody() {
    let bridge = bridge("setup = 300\ncalls = 400").await;
    let idle = join_all((0..300).map(|_| async {
        let mut call = bridge.call();
        call.dial().await.unwrap();
        call.open(Rate::Instant).await.unwrap()
    }))
    .await;
    let (_call, mut conversation) = bridge.connected(0).await;
    conversation.say("where is it").await.unwrap();
    assert!(conversation.wait_words(SOON).await.unwrap().text.contains("tomorrow"));
    for mut socket in idle {
        let ending = socket.until_end(SOON).await.unwrap();
        assert!(matches!(ending, Ending::Lost { code: Some(1008) }), "{ending:?}");
    }
}

#[tokio::test]
async fn one_address_does_not_open_sockets_without_end() {
    let bridge = bridge("setup = 60000\ncalls = 3").await;
    let mut call = bridge.call();
    call.dial().await.unwrap();
    let mut open = Vec::new();
    for _ in 0..6 {
        open.push(call.open(Rate::Instant).await.unwrap());
    }
    let refused = call.open(Rate::Instant).await.err();
    assert!(matches!(refused, Some(CallError::SocketRefused(503))), "{refused:?}");
}

#[tokio::test]
async fn a_reader_that_does_not_read_is_given_up_and_its_caller_goes_to_a_person() {
    let bridge = bridge("send = 200").await;
    let mut call = bridge.call();
    call.dial().await.unwrap();
    let prompt = json!({"type": "prompt", "voicePrompt": "tell me a novel about 4711", "last": true});
    let _unread = opened(&bridge, &call, &[setup(&call), prompt]).await;
    let began = async {
        while bridge.model.requests().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    timeout(SOON, began).await.expect("the session begins");
    until_nobody_is_live(&bridge).await;
    let connect = call.document().unwrap().child("Connect").unwrap();
    let action = connect.attribute("action").unwrap().to_owned();
    let fields = [("SessionId", "VX1"), ("SessionStatus", "failed"), ("ErrorCode", "64105")];
    let task = task(call.callback(&action, &fields).await.unwrap());
    assert_eq!(task["reasonCode"], "bridge_failure");
    assert!(task["callSummary"].as_str().unwrap().contains("4711"), "{task}");
}

#[tokio::test]
async fn a_peer_that_is_gone_without_a_word_keeps_no_place() {
    let bridge = bridge("silence = 400").await;
    let mut call = bridge.call();
    call.dial().await.unwrap();
    let mut stream = opened(&bridge, &call, &[setup(&call)]).await;
    let mut received = Vec::new();
    let closed = timeout(SOON, stream.read_to_end(&mut received)).await;
    closed.expect("the socket is given up").unwrap();
    let pings = received.windows(2).filter(|two| *two == [0x89, 0]).count();
    assert!(pings >= 2, "it was asked for a sign of life {pings} times");
    until_nobody_is_live(&bridge).await;
}

#[tokio::test]
async fn a_caller_who_says_nothing_is_kept_while_the_other_end_answers_pings() {
    let bridge = bridge("silence = 200").await;
    let (_call, mut conversation) = bridge.connected(0).await;
    conversation.rest(Duration::from_millis(800)).await;
    conversation.say("where is it").await.unwrap();
    assert!(conversation.wait_words(SOON).await.unwrap().text.contains("tomorrow"));
}

#[tokio::test]
async fn of_the_largest_frame_the_model_gets_as_much_as_a_person_can_say() {
    let bridge = bridge("").await;
    let (_call, mut conversation) = bridge.connected(0).await;
    let frame = |length: usize| json!({"type": "prompt", "voicePrompt": "a".repeat(length), "last": true});
    let around = frame(0).to_string().len();
    conversation.send(&frame(64 * 1024 - around)).await.unwrap();
    assert!(conversation.wait_words(SOON).await.unwrap().text.contains("tomorrow"));
    let asked = bridge.model.last_messages().last().unwrap()["content"].as_str().unwrap().chars().count();
    assert_eq!(asked, 4_000);
}

#[tokio::test]
async fn a_frame_that_is_too_large_ends_the_socket_and_not_the_call() {
    let bridge = bridge("").await;
    let (mut call, mut conversation) = bridge.connected(0).await;
    // The socket may be closed before all of it is sent.
    let _ = conversation.send_text("x".repeat(64 * 1024 + 1)).await;
    conversation.until_end(SOON).await.unwrap();
    assert!(call.finish(conversation).await.unwrap().child("Connect").is_some(), "connected again");
}

#[tokio::test]
async fn a_request_that_does_not_come_is_not_waited_for() {
    let bridge = bridge("request = 200").await;
    for beginning in ["", "POST /voice/incoming HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "] {
        let mut stream = TcpStream::connect(("127.0.0.1", bridge.base.port().unwrap())).await.unwrap();
        stream.write_all(beginning.as_bytes()).await.unwrap();
        let mut answer = String::new();
        timeout(SOON, stream.read_to_string(&mut answer)).await.expect("the connection is closed").unwrap();
        assert_eq!(answer, "");
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_is_refused() {
    let bridge = bridge("request = 200").await;
    let mut stream = TcpStream::connect(("127.0.0.1", bridge.base.port().unwrap())).await.unwrap();
    let request = "POST /voice/incoming HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\nCall";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(SOON, stream.read_to_string(&mut answer)).await.expect("the connection is closed").unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[tokio::test]
async fn a_connection_that_sent_a_request_may_be_idle_and_send_another() {
    let bridge = bridge("request = 50").await;
    let mut stream = TcpStream::connect(("127.0.0.1", bridge.base.port().unwrap())).await.unwrap();
    let mut answer = vec![0; 4096];
    for _ in 0..2 {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").await.unwrap();
        let length = timeout(SOON, stream.read(&mut answer)).await.unwrap().unwrap();
        assert!(answer[..length].starts_with(b"HTTP/1.1 200 "));
        // Nothing comes in a time in which a new connection would be closed.
        assert!(timeout(Duration::from_millis(120), stream.read(&mut answer)).await.is_err());
    }
}
