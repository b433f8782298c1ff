//! Answers that say no: problem documents (RFC 9457).

use std::borrow::Cow;
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::actor::writer::WriteError;
use crate::store::StoreError;

use super::dto::template::TemplateFinding;

/// The names of problems. They are part of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    BadRequest,
    BadNumber,
    BadText,
    TooLong,
    ExceedsBudget,
    UnknownField,
    Unauthorized,
    Forbidden,
    NotFound,
    Conflict,
    Changed,
    DuplicateRef,
    TooLarge,
    Gone,
    Busy,
    TooManyRequests,
    NoSpace,
    NotReady,
    Internal,
}

impl Kind {
    /// Type, title and status.
    ///
    /// 400 is for what has the wrong form; 422 for what has the right form and cannot be sent.
    fn words(self) -> (&'static str, &'static str, StatusCode) {
        match self {
            Self::BadRequest => ("urn:recado:problem:bad-request", "Bad request", StatusCode::BAD_REQUEST),
            Self::BadNumber => {
                ("urn:recado:problem:bad-number", "Not a number that can be texted", StatusCode::UNPROCESSABLE_ENTITY)
            }
            Self::BadText => {
                ("urn:recado:problem:bad-text", "Not a text that can be sent", StatusCode::UNPROCESSABLE_ENTITY)
            }
            Self::TooLong => ("urn:recado:problem:too-long", "Text is too long", StatusCode::UNPROCESSABLE_ENTITY),
            Self::ExceedsBudget => (
                "urn:recado:problem:exceeds-budget",
                "More parts than any SIM may send",
                StatusCode::UNPROCESSABLE_ENTITY,
            ),
            Self::UnknownField => ("urn:recado:problem:unknown-field", "Unknown field", StatusCode::BAD_REQUEST),
            Self::Unauthorized => ("urn:recado:problem:unauthorized", "Token needed", StatusCode::UNAUTHORIZED),
            Self::Forbidden => ("urn:recado:problem:forbidden", "Not allowed", StatusCode::FORBIDDEN),
            Self::NotFound => ("urn:recado:problem:not-found", "Not found", StatusCode::NOT_FOUND),
            Self::Conflict => ("urn:recado:problem:conflict", "Not possible in this state", StatusCode::CONFLICT),
            Self::Changed => {
                ("urn:recado:problem:changed", "Somebody changed it meanwhile", StatusCode::PRECONDITION_FAILED)
            }
            Self::DuplicateRef => {
                ("urn:recado:problem:duplicate-ref", "Reference belongs to another message", StatusCode::CONFLICT)
            }
            Self::TooLarge => ("urn:recado:problem:too-large", "Request is too large", StatusCode::PAYLOAD_TOO_LARGE),
            Self::Gone => ("urn:recado:problem:gone", "No longer kept", StatusCode::GONE),
            Self::Busy => ("urn:recado:problem:busy", "Too much at once", StatusCode::SERVICE_UNAVAILABLE),
            Self::TooManyRequests => (
                "urn:recado:problem:too-many-requests",
                "More requests than this token or address may make",
                StatusCode::TOO_MANY_REQUESTS,
            ),
            Self::NoSpace => ("urn:recado:problem:no-space", "Disk is full", StatusCode::SERVICE_UNAVAILABLE),
            Self::NotReady => ("urn:recado:problem:not-ready", "Not taking messages", StatusCode::SERVICE_UNAVAILABLE),
            Self::Internal => ("urn:recado:problem:internal", "Internal error", StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}

/// A problem on its way to the caller. Boxed, because it travels in results whose good side is small.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(super) struct Problem(Box<Document>);

/// A problem document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct Document {
    /// `urn:recado:problem:NAME`.
    #[schema(example = "urn:recado:problem:bad-number")]
    r#type: &'static str,
    /// What kind of problem it is, in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What is wrong, where, and what to do.
    #[schema(value_type = String)]
    detail: Cow<'static, str>,
    /// The field or parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    field: Option<Cow<'static, str>>,
    /// The place in the array, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<usize>,
    /// Of a conflict: the state of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    state: Option<&'static str>,
    /// Of a duplicate reference: the message that has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// Of events that are gone: the oldest that is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest: Option<i64>,
    /// Of a template or a ladder: all that is wrong with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    findings: Vec<TemplateFinding>,
    /// When to come again; in the header.
    #[serde(skip)]
    #[schema(ignore)]
    retry_after: Option<Duration>,
}

impl Problem {
    pub(super) fn new(kind: Kind, detail: impl Into<Cow<'static, str>>) -> Self {
        let (r#type, title, status) = kind.words();
        let (status, detail) = (status.as_u16(), detail.into());
        Self(Box::new(Document {
            r#type,
            title,
            status,
            detail,
            field: None,
            index: None,
            state: None,
            id: None,
            oldest: None,
            findings: Vec::new(),
            retry_after: None,
        }))
    }

    /// Wrong form of one field.
    pub(super) fn bad(field: impl Into<Cow<'static, str>>, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::BadRequest, detail).field(field)
    }

    /// No message with the name that was asked for.
    pub(super) fn no_message() -> Self {
        Self::new(Kind::NotFound, "there is no message with this id")
    }

    pub(super) fn field(mut self, field: impl Into<Cow<'static, str>>) -> Self {
        self.0.field = Some(field.into());
        self
    }

    /// The field within another: `debtor.name`.
    pub(super) fn within(mut self, parent: &str) -> Self {
        self.0.field = Some(match self.0.field {
            Some(field) => format!("{parent}.{field}").into(),
            None => parent.to_owned().into(),
        });
        self
    }

    pub(super) fn at_index(mut self, index: usize) -> Self {
        self.0.index = Some(index);
        self
    }

    pub(super) fn in_state(mut self, state: &'static str) -> Self {
        self.0.state = Some(state);
        self
    }

    pub(super) fn of_message(mut self, id: String) -> Self {
        self.0.id = Some(id);
        self
    }

    pub(super) fn with_oldest(mut self, oldest: i64) -> Self {
        self.0.oldest = Some(oldest);
        self
    }

    pub(super) fn with_findings(mut self, findings: Vec<TemplateFinding>) -> Self {
        self.0.findings = findings;
        self
    }

    pub(super) fn retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    pub(super) fn with_status(mut self, status: StatusCode) -> Self {
        self.0.status = status.as_u16();
        self
    }

    /// The field and the words.
    pub(super) fn told(&self) -> (Option<&str>, &str) {
        (self.0.field.as_deref(), &self.0.detail)
    }

    /// How long until it is worth asking again.
    #[cfg(test)]
    pub(super) fn told_to_wait(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// What went wrong inside is for the log, not for the caller.
    pub(super) fn internal(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "request failed");
        Self::new(Kind::Internal, "the request could not be carried out; the log of the daemon says why")
    }
}

impl From<WriteError> for Problem {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Busy => Self::new(Kind::Busy, "too many submissions wait for the disk; try again in a second"),
            WriteError::NoSpace => {
                Self::new(Kind::NoSpace, "the disk of the database is full or nearly so; nothing was taken in")
            }
            WriteError::Stopping => Self::new(Kind::NotReady, "the daemon is stopping; try again when it is back"),
            WriteError::Disk(error) => {
                tracing::error!(%error, "request failed");
                Self::new(
                    Kind::NotReady,
                    "the database cannot be written now, and nothing was taken in; the log of the daemon says why",
                )
            }
            WriteError::Store(error) => Self::internal(&error),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::internal(&error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after =
            self.0.retry_after.or((status == StatusCode::SERVICE_UNAVAILABLE).then_some(Duration::from_secs(1)));
        // Numbers and texts alone: this cannot fail.
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response =
            (status, [(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"))], body)
                .into_response();
        let headers = response.headers_mut();
        if let Some(wait) = retry_after {
            // Whole seconds, and never too early.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_cannot_be_written_is_to_be_tried_again_and_one_that_fails_is_not() {
        let told = |error: WriteError| {
            let problem = serde_json::to_value(Problem::from(error)).unwrap();
            (problem["type"].as_str().unwrap().to_owned(), problem["status"].as_u64().unwrap())
        };
        assert_eq!(told(WriteError::Disk("read-only".to_owned())), ("urn:recado:problem:not-ready".to_owned(), 503));
        assert_eq!(told(WriteError::NoSpace), ("urn:recado:problem:no-space".to_owned(), 503));
        assert_eq!(told(WriteError::Store("damaged".to_owned())), ("urn:recado:problem:internal".to_owned(), 500));
    }
}
