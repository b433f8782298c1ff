//! Callers who hang up in the middle: what they asked for is carried to its end all the same, and noted.

use std::task::Poll;

use serde_json::{Value, json};

use crate::modem::{UssdAnswer, UssdStatus};
use crate::sms::id::ModemId;

use super::{House, request, send};

impl House {
    /// Asks for something and hangs up as soon as it has begun, as a server does with a handler whose connection is gone.
    async fn ask_and_hang_up(&self, method: &str, path: &str, body: Value) {
        let mut asked = Box::pin(send(self.local(), request(method, path, &[], body.to_string().into())));
        let has_begun = std::future::poll_fn(|cx| Poll::Ready(asked.as_mut().poll(cx).is_pending())).await;
        assert!(has_begun, "{method} {path} was answered at once");
    }

    /// Everything that was begun has come to its end, and the writer to everything before this.
    async fn comes_to_rest(&self) {
        self.app.finish().await;
        self.get("/v1/sims").await;
    }

    async fn changes(&self) -> Vec<String> {
        let noted = self.get("/v1/audit?after=0&kind=change").await.json;
        noted["items"].as_array().unwrap().iter().map(|entry| entry["route"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test]
async fn a_token_whose_revoker_hung_up_is_refused() {
    let house = House::new();
    let made = house.post("/v1/tokens", json!({ "client": "a", "scopes": ["read"] })).await.json;
    let token = made["token"].as_str().unwrap();
    house.ask_and_hang_up("DELETE", &format!("/v1/tokens/{}", made["key"]), json!({})).await;
    house.comes_to_rest().await;
    assert!(house.get("/v1/tokens").await.json["items"][0]["revoked_at"].is_string());
    house.with(token, "GET", "/v1/messages", "").await.is_problem(401, "unauthorized", None);
    assert_eq!(house.changes().await, ["POST /v1/tokens", "DELETE /v1/tokens/{key}"]);
}

#[tokio::test]
async fn a_token_that_was_replaced_by_somebody_who_hung_up_ends_with_its_grace() {
    let house = House::new();
    let made = house.post("/v1/tokens", json!({ "client": "a", "scopes": ["read"] })).await.json;
    let token = made["token"].as_str().unwrap();
    let path = format!("/v1/tokens/{}/rotate", made["key"]);
    house.ask_and_hang_up("POST", &path, json!({ "grace": "0s" })).await;
    house.comes_to_rest().await;
    assert_eq!(house.get("/v1/tokens").await.json["items"].as_array().unwrap().len(), 2);
    house.with(token, "GET", "/v1/messages", "").await.is_problem(401, "unauthorized", None);
}

#[tokio::test]
async fn a_code_that_went_to_the_network_is_noted_when_its_caller_hung_up() {
    let house = House::new();
    let mut asks = house.fleet.listen(&ModemId::new("m1"));
    house.ask_and_hang_up("POST", "/v1/modems/m1/ussd", json!({ "code": "*100#" })).await;
    let modem = async {
        let ask = asks.recv().await.unwrap();
        assert_eq!(ask.code.as_str(), "*100#");
        // Of a caller who is gone for good nobody takes the answer.
        drop(ask.reply.send(Ok(UssdAnswer { status: UssdStatus::Done, text: None })));
    };
    modem.await;
    house.comes_to_rest().await;
    assert_eq!(house.changes().await, ["POST /v1/modems/{modem}/ussd"]);
}
