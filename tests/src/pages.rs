//! The routes of the pages, read from the code that registers them: the pages have no document
//! as the API has.

use crate::binary::source_file;
use crate::openapi::Operation;

/// Every method of every page, by the registration in `backend/src/web/pages/mod.rs`.
pub fn operations() -> Vec<Operation> {
    let registered = source_file("backend/src/web/pages/mod.rs");
    let mut operations = Vec::new();
    let (_, registered) = registered
        .split_once("fn pages(")
        .expect("one function registers all pages");
    let (registered, _) = registered.split_once("\n}").expect("a function ends");
    for rest in registered.split(".service(").skip(1) {
        let rest = rest.split(".service(").next().unwrap_or_default();
        let rest: String = rest.split_whitespace().collect();
        let (path, handlers) = rest
            .strip_prefix("web::resource(\"")
            .and_then(|rest| rest.split_once("\")"))
            .unwrap_or_else(|| {
                panic!("a page is registered with its address and methods, not as {rest}")
            });
        for handler in handlers.split('.').skip(1) {
            let (method, _) = handler.split_once('(').expect("a method and its handler");
            if method == "wrap" {
                continue; // around all methods of the page
            }
            let known = ["get", "post", "put", "delete", "patch"].contains(&method);
            assert!(known, "{method} of {path}");
            operations.push(Operation {
                method: method.to_uppercase(),
                path: path.to_owned(),
            });
        }
    }
    assert!(
        operations.len() >= 20,
        "routes are read from the code: {operations:?}"
    );
    operations
}
