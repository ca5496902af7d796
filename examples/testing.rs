//! Testing: requests in process, through the same gateway as those from a socket. Nothing listens,
//! and what holds here holds on every host.
//!
//! ```text
//! cargo test --example testing
//! ```

use enfilade::core::{HostError, Json};
use enfilade::{App, Request, RequestExt, Result, Router};
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Serialize)]
struct Sum {
    a: i64,
    b: i64,
}

async fn add(mut request: Request) -> Result<Json<i64>> {
    let sum: Sum = request.json().await?;
    Ok(Json(sum.a + sum.b))
}

fn site() -> impl App {
    Router::new().post("/sum", add)
}

fn main() -> Result<(), HostError> {
    enfilade::run(site())
}

#[cfg(test)]
mod tests {
    use enfilade::core::testing;

    use super::*;

    #[tokio::test]
    async fn two_numbers_are_added() {
        let sum = testing::post("/sum").json(&Sum { a: 2, b: 3 });
        sum.on(&site()).await.assert_status(200).assert_json(&5);
    }

    #[tokio::test]
    async fn what_is_no_sum_is_refused_with_the_field_and_the_place() {
        let answer = testing::post("/sum").json(&[1]).on(&site()).await;
        answer.assert_status(422);
        let missing = testing::post("/sum").json(&serde_json::json!({"a": 1}));
        missing
            .on(&site())
            .await
            .assert_status(422)
            .assert_text_contains("b");
    }

    #[tokio::test]
    async fn another_method_is_told_which_there_are() {
        let answer = testing::get("/sum").on(&site()).await;
        answer
            .assert_status(405)
            .assert_header("allow", "POST, OPTIONS");
    }

    #[tokio::test]
    async fn it_works_under_a_prefix_too() {
        let sum = testing::post("/sum")
            .script_name("/calc")
            .json(&Sum { a: 2, b: 3 });
        sum.on(&site()).await.assert_json(&5);
    }
}
