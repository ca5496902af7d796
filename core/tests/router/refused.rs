//! What could never be reached is refused where it is written, with both places named.

use super::*;

macro_rules! refused {
    ($($name:ident: $build:expr => $says:literal;)*) => {$(
        #[test]
        #[should_panic(expected = $says)]
        fn $name() {
            let _ = $build;
        }
    )*};
}

refused! {
    a_route_that_is_there_already: Router::new().get("/x", hit).get("/x", hit)
        => "cannot route GET `/x`: there is an app already, from core/tests/router/refused.rs:";
    a_second_app_for_any_method: Router::new().any("/x", hit).get("/x", hit).any("/x", hit)
        => "cannot route any method `/x`: there is an app already";
    a_route_whose_parameter_has_another_name:
        Router::new().get("/x", hit).get("/u/{id}", hit).put("/u/{name}", hit)
        => "the route `/u/{id}` from core/tests/router/refused.rs:";
    a_route_below_a_mount: Router::new().mount("/api", hit).get("/api/users/{id}", hit)
        => "could never be reached below the mount `/api` from core/tests/router/refused.rs:";
    a_mount_above_a_route: Router::new().get("/api/{id}", hit).mount("/api", hit)
        => "the route `/api/{id}` from core/tests/router/refused.rs:";
    a_mount_at_a_route: Router::new().get("/api", hit).mount("/api", hit)
        => "the route `/api`";
    a_mount_that_is_there_already: Router::new().mount("/api", hit).mount("/api", hit)
        => "there is the mount `/api` from core/tests/router/refused.rs:";
    a_second_mount_at_the_root: Router::new().mount("/", hit).mount("/", hit)
        => "there is the mount `/` from core/tests/router/refused.rs:";
    a_mount_with_a_host: Router::new().mount("example.org/api", hit)
        => "a prefix begins with `/`";
    a_name_that_is_taken: Router::new().get("/x", hit).name("a").get("/y", hit).name("a")
        => "cannot name a route `a`: a route has that name already, from core/tests/router/refused.rs:";
    a_name_for_nothing: Router::new().name("a") => "a name stands behind the route";
    a_name_behind_a_merge: Router::new().merge(Router::new().get("/x", hit)).name("a")
        => "a name stands behind the route";
    a_merge_of_a_route_that_is_here:
        Router::new().get("/x", hit).merge(Router::new().get("/x", hit))
        => "cannot merge the route `/x` from core/tests/router/refused.rs:";
    a_merge_of_a_name_that_is_here:
        Router::new().get("/x", hit).name("a").merge(Router::new().get("/y", hit).name("a"))
        => "cannot merge `a`, from core/tests/router/refused.rs:";
    a_pattern_of_the_old_kind: Router::new().get("/u/:id", hit)
        => "cannot route GET `/u/:id`: `:id` is no parameter: write `{id}`";
}

#[test]
fn a_mount_beside_a_route_of_the_same_beginning_is_not() {
    let _ = Router::new()
        .get("/apis", hit)
        .get("/api-{x}", hit)
        .get("/{a}/b", hit)
        .mount("/api", hit)
        .get("/api2", hit);
}
