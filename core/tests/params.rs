//! Path parameters, as an app reads them.

use std::collections::BTreeMap;

use enfilade_core::{Request, RequestExt, Result, Router, testing};
use serde::Deserialize;

async fn id(request: Request) -> Result<String> {
    Ok(request.param::<i16>("id")?.to_string())
}

#[tokio::test]
async fn a_value_that_does_not_parse_is_a_400_that_names_the_parameter() {
    let router = Router::new().get("/u/{id}", id);
    for (value, problem) in [
        ("x", "path parameter `id`: invalid digit found in string"),
        ("40000", "path parameter `id`: number too large"),
        ("%FF", "path parameter `id`: it is not UTF-8"),
    ] {
        testing::get(&format!("/u/{value}"))
            .on(&router)
            .await
            .assert_status(400)
            .assert_text_contains(problem);
    }
    testing::get("/u/-7").on(&router).await.assert_text("-7");
}

#[tokio::test]
async fn an_unknown_name_is_a_500_that_says_which_there_are() {
    let router = Router::new().get("/{a}/{b}", id).get("/", id);
    testing::get("/1/2")
        .on(&router)
        .await
        .assert_status(500)
        .assert_reported("no path parameter `id`: the route has `a`, `b`");
    testing::get("/")
        .on(&router)
        .await
        .assert_status(500)
        .assert_reported("the route has none");
}

#[tokio::test]
async fn values_are_decoded_after_the_match() {
    async fn name(request: Request) -> Result<String> {
        request.param("name")
    }
    let router = Router::new().get("/u/{name}", name).get("/f/{*name}", name);
    for (path, value) in [
        ("/u/a%2Fb", "a/b"),
        ("/u/%E2%82%AC+%25", "€+%"),
        ("/f/a/b%2Fc//d", "a/b/c//d"),
        ("/u/..%2F..%2Fetc", "../../etc"),
    ] {
        testing::get(path).on(&router).await.assert_text(value);
    }
}

#[tokio::test]
async fn many_parameters_of_several_routers_are_kept_apart() {
    async fn all(request: Request) -> Result<String> {
        let names = ["a", "b", "c", "d", "e", "f", "g"];
        let values: Result<Vec<String>> = names.iter().map(|name| request.param(name)).collect();
        Ok(values?.concat())
    }
    let inner = Router::new().get("/x/{a}/y/{b}/{*g}", all);
    let middle = Router::new().get("/{*b}", inner);
    // `{*b}` moves no split, so the inner router sees the whole path again.
    let outer = Router::new().get("/x/{a}/{c}/{d}/{e}/{f}", middle);
    testing::get("/x/1/y/4/5/6")
        .on(&outer)
        .await
        .assert_text("14y4565/6");
}

#[tokio::test]
async fn parameters_fit_structs_tuples_maps_and_single_values() {
    #[derive(Deserialize, Debug, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Cat,
        Dog,
    }
    #[derive(Deserialize)]
    struct Pet {
        kind: Kind,
        id: u64,
        missing: Option<String>,
    }
    #[derive(Deserialize)]
    struct Id(u64);

    async fn pet(request: Request) -> Result<String> {
        let Pet { kind, id, missing } = request.params()?;
        let tuple: (Kind, Id) = request.params()?;
        let map: BTreeMap<String, String> = request.params()?;
        let list: Vec<String> = request.params()?;
        assert_eq!((&tuple.0, tuple.1.0), (&kind, id));
        Ok(format!("{kind:?} {id} {missing:?} {map:?} {list:?}"))
    }
    async fn one(request: Request) -> Result<String> {
        let kind: Kind = request.params()?;
        let (same,): (Option<Kind>,) = request.params()?;
        assert_eq!(Some(&kind), same.as_ref());
        Ok(format!("{kind:?}"))
    }
    let router = Router::new().get("/{kind}/{id}", pet).get("/{kind}", one);
    testing::get("/%63at/7")
        .on(&router)
        .await
        .assert_text("Cat 7 None {\"id\": \"7\", \"kind\": \"cat\"} [\"cat\", \"7\"]");
    testing::get("/dog").on(&router).await.assert_text("Dog");
    testing::get("/cow")
        .on(&router)
        .await
        .assert_status(400)
        .assert_text_contains("path parameter `kind`: unknown variant `cow`");
    testing::get("/cat/x")
        .on(&router)
        .await
        .assert_status(400)
        .assert_text_contains("path parameter `id`: invalid digit");
}

#[tokio::test]
async fn a_value_that_asks_for_what_no_route_has_is_a_500() {
    #[derive(Deserialize)]
    struct Wrong {
        #[allow(dead_code, reason = "it is asked for, and never there")]
        name: String,
    }
    async fn wrong(request: Request) -> Result<&'static str> {
        request.params::<Wrong>().map(|_| "fits")
    }
    async fn three(request: Request) -> Result<&'static str> {
        request.params::<(u8, u8, u8)>().map(|_| "fits")
    }
    async fn single(request: Request) -> Result<&'static str> {
        request.params::<u8>().map(|_| "fits")
    }
    let router = Router::new()
        .get("/w/{a}/{b}", wrong)
        .get("/t/{a}/{b}", three)
        .get("/s/{a}/{b}", single);
    for (path, reported) in [
        ("/w/1/2", "the route has no parameter `name`"),
        ("/t/1/2", "the route has 2"),
        ("/s/1/2", "the route has 2, not one parameter"),
    ] {
        testing::get(path)
            .on(&router)
            .await
            .assert_status(500)
            .assert_reported(reported);
    }
}

#[tokio::test]
async fn a_path_that_was_rewritten_behind_the_route_is_a_500_and_no_panic() {
    async fn rewritten(mut request: Request) -> Result<String> {
        *request.uri_mut() = "/ü".parse()?;
        request.param("name")
    }
    let router = Router::new().get("/users/{name}", rewritten);
    testing::get("/users/ada")
        .on(&router)
        .await
        .assert_status(500)
        .assert_reported("rewritten");
}
