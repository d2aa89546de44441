//! The answers that operations have in common, put into the document in one place: which of
//! them an operation can give follows from whether it asks for credentials, has a place in its
//! path, and takes a body. What an operation says of an answer itself stays.

use crate::web::ProblemDocument;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, Parameter};
use utoipa::openapi::schema::{KnownFormat, Schema, SchemaFormat, Type};
use utoipa::openapi::{Content, ObjectBuilder, OpenApi, PathItem, Ref, RefOr, Response};
use utoipa::{Modify, Number, PartialSchema, ToSchema};

/// Where an answer can be given.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Where {
    Everywhere,
    WithCredentials,
    WithPlaceInPath,
    WithBody,
}

const ANSWERS: [(u16, &str, Where, &str); 10] = [
    (
        400,
        "BadRequest",
        Where::Everywhere,
        "The request cannot be read, or a parameter cannot be accepted",
    ),
    (
        401,
        "Unauthenticated",
        Where::WithCredentials,
        "No credentials that are valid",
    ),
    (
        403,
        "Forbidden",
        Where::WithCredentials,
        "The credentials lack the permission; recorded",
    ),
    (
        404,
        "NotFound",
        Where::WithPlaceInPath,
        "Nothing of that name in this bank",
    ),
    (408, "Timeout", Where::WithBody, "The body came too slowly"),
    (
        413,
        "TooLarge",
        Where::WithBody,
        "The body is larger than is taken here",
    ),
    (
        415,
        "MediaType",
        Where::Everywhere,
        "A body that is not JSON in UTF-8, or is packed in another way than gzip or deflate",
    ),
    (
        422,
        "Invalid",
        Where::WithBody,
        "Fields that cannot be accepted, each named by its JSON pointer; nothing was stored",
    ),
    (
        429,
        "TooMany",
        Where::Everywhere,
        "More than this caller may ask for just now; `Retry-After` says when to come again",
    ),
    (
        503,
        "Unavailable",
        Where::Everywhere,
        "The service cannot do it now; `Retry-After` says when to come again",
    ),
];

/// Adds them to each operation.
pub(super) struct SharedAnswers;

impl Modify for SharedAnswers {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_with(Default::default);
        let problem = ProblemDocument::name().into_owned();
        components
            .schemas
            .entry(problem.clone())
            .or_insert_with(ProblemDocument::schema);
        for (status, name, _, description) in ANSWERS {
            let mut response = Response::new(description);
            response.content.insert(
                "application/problem+json".to_owned(),
                RefOr::T(Content::new(Some(Ref::from_schema_name(&problem)))),
            );
            if [429, 503].contains(&status) {
                let seconds = ObjectBuilder::new().schema_type(Type::Integer).build();
                let header = HeaderBuilder::new()
                    .schema(Some(seconds))
                    .description(Some("Seconds"))
                    .build();
                response
                    .headers
                    .insert("Retry-After".to_owned(), RefOr::T(header));
            }
            components
                .responses
                .insert(name.to_owned(), RefOr::T(response));
        }
        for (path, item) in &mut document.paths.paths {
            for operation in operations(item) {
                add(operation, path.contains('{'));
                for parameter in operation.parameters.iter_mut().flatten() {
                    if let RefOr::T(parameter) = parameter {
                        bound(parameter);
                    }
                }
            }
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.delete,
        &mut item.patch,
    ]
    .into_iter()
    .flatten()
}

/// A whole number is within the limits of its format, which a schema does not say by itself.
fn bound(parameter: &mut Parameter) {
    let Some(RefOr::T(Schema::Object(schema))) = &mut parameter.schema else {
        return;
    };
    let (least, most) = match schema.format {
        Some(SchemaFormat::KnownFormat(KnownFormat::Int64)) => (isize::MIN, isize::MAX),
        Some(SchemaFormat::KnownFormat(KnownFormat::Int32)) => {
            (i32::MIN as isize, i32::MAX as isize)
        }
        _ => return,
    };
    schema.minimum.get_or_insert(Number::Int(least));
    schema.maximum.get_or_insert(Number::Int(most));
}

fn add(operation: &mut Operation, place_in_path: bool) {
    for (status, name, place, _) in ANSWERS {
        let can = match place {
            Where::Everywhere => true,
            // The document asks for credentials unless an operation says otherwise.
            Where::WithCredentials => operation.security.is_none(),
            Where::WithPlaceInPath => place_in_path,
            Where::WithBody => operation.request_body.is_some(),
        };
        if can {
            operation
                .responses
                .responses
                .entry(status.to_string())
                .or_insert_with(|| RefOr::Ref(Ref::from_response_name(name)));
        }
    }
}
