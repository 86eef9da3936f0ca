//! TaskRouter: <https://www.twilio.com/docs/taskrouter/api>.

use serde::Deserialize;
use serde_json::Value;

use super::request::Request;
use super::{Client, Product, RestError};
use crate::ids::{TaskQueueSid, TaskSid, WorkflowSid, WorkspaceSid};
use crate::pii::Pii;

/// How many are on a page.
const PAGE: usize = 100;

/// A Task, as far as we read it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Task {
    /// Its name.
    pub sid: TaskSid,
    /// `pending`, `reserved`, `assigned`, `wrapping`, `completed`, `canceled`.
    pub assignment_status: String,
    /// What is known of the call: an object, as a text.
    pub attributes: Pii<String>,
    /// Higher is sooner.
    #[serde(default)]
    pub priority: Option<i64>,
    /// The workflow that leads it.
    #[serde(default)]
    pub workflow_sid: Option<String>,
    /// The queue that it waits in.
    #[serde(default)]
    pub task_queue_sid: Option<String>,
    /// Which version of it this is: who changes it names it, so that no change is lost.
    #[serde(skip)]
    pub version: Option<String>,
}

/// A Task to be made.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewTask {
    /// What is known: an object.
    pub attributes: Value,
    /// The workflow that is to lead it; needed where there are several.
    pub workflow: Option<WorkflowSid>,
    /// The channel of workers' capacity, by name.
    pub channel: Option<String>,
    /// Higher is sooner.
    pub priority: Option<u32>,
    /// How long it may live, in seconds.
    pub timeout: Option<u32>,
}

/// What is to change of a Task.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TaskChange {
    /// All attributes anew: what is not among them is gone.
    pub attributes: Option<Value>,
    /// Its status; `completed` and `canceled` need a reason.
    pub assignment_status: Option<&'static str>,
    /// Why.
    pub reason: Option<String>,
    /// Higher is sooner.
    pub priority: Option<u32>,
    /// Only if it is still of this version.
    pub version: Option<String>,
}

/// Which Tasks to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tasks {
    /// Of this workflow.
    pub workflow: Option<WorkflowSid>,
    /// Of these statuses, with commas between them.
    pub assignment_status: Option<&'static str>,
    /// In this order, such as `DateCreated:desc`.
    pub ordering: Option<&'static str>,
}

/// A workspace.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Workspace {
    /// Its name.
    pub sid: WorkspaceSid,
    /// What people call it.
    pub friendly_name: String,
}

/// A workflow.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Workflow {
    /// Its name.
    pub sid: WorkflowSid,
    /// What people call it.
    pub friendly_name: String,
    /// Its rules: JSON, as a text.
    #[serde(default)]
    pub configuration: String,
}

/// A queue of Tasks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TaskQueue {
    /// Its name.
    pub sid: TaskQueueSid,
    /// What people call it.
    pub friendly_name: String,
    /// Which workers serve it.
    #[serde(default)]
    pub target_workers: Option<String>,
}

impl Client {
    /// Makes a Task.
    ///
    /// # Errors
    ///
    /// When there is no answer, or none of success. After [`RestError::Late`] and [`RestError::Lost`] look for it before
    /// another one is made.
    pub async fn make_task(&self, workspace: &WorkspaceSid, task: &NewTask) -> Result<Task, RestError> {
        let request = Request::post(Product::TaskRouter, &["v1", "Workspaces", workspace.as_str(), "Tasks"])
            .field("Timeout", task.timeout)
            .field("Priority", task.priority)
            .field("TaskChannel", task.channel.as_ref())
            .field("WorkflowSid", task.workflow.as_ref())
            .field("Attributes", Some(&task.attributes));
        self.task_of(request).await
    }

    /// Reads a Task.
    ///
    /// # Errors
    ///
    /// When there is no answer, or none of success. Some minutes after its end a Task is not found.
    pub async fn task(&self, workspace: &WorkspaceSid, task: &TaskSid) -> Result<Task, RestError> {
        let path = ["v1", "Workspaces", workspace.as_str(), "Tasks", task.as_str()];
        self.task_of(Request::get(Product::TaskRouter, &path)).await
    }

    /// Changes a Task.
    ///
    /// # Errors
    ///
    /// When there is no answer, or none of success: 412 says that somebody else changed it meanwhile.
    pub async fn change_task(
        &self,
        workspace: &WorkspaceSid,
        task: &TaskSid,
        change: &TaskChange,
    ) -> Result<Task, RestError> {
        let path = ["v1", "Workspaces", workspace.as_str(), "Tasks", task.as_str()];
        let request = Request::post(Product::TaskRouter, &path)
            .field("Attributes", change.attributes.as_ref())
            .field("AssignmentStatus", change.assignment_status)
            .field("Reason", change.reason.as_ref())
            .field("Priority", change.priority)
            .only_if(change.version.as_deref());
        self.task_of(request).await
    }

    /// Lists Tasks.
    ///
    /// # Errors
    ///
    /// When there is no answer, or none of success.
    pub async fn tasks(
        &self,
        workspace: &WorkspaceSid,
        which: &Tasks,
        most: usize,
    ) -> Result<Vec<Task>, RestError> {
        let request = Request::get(Product::TaskRouter, &["v1", "Workspaces", workspace.as_str(), "Tasks"])
            .query("AssignmentStatus", which.assignment_status)
            .query("WorkflowSid", which.workflow.as_ref())
            .query("Ordering", which.ordering)
            .query("PageSize", Some(most.min(PAGE)));
        self.list(request, "tasks", most).await
    }

    /// Lists workspaces.
    ///
    /// # Errors
    ///
    /// When there is no answer, or none of success.
    pub async fn workspaces(&self, most: usize) -> Result<Vec<Workspace>, RestError> {
        let request = Request::get(Product::TaskRouter, &["v1", "Workspaces"]);
        self.list(request.query("PageSize", Some(most.min(PAGE))), "workspaces", most).await
    }

    /// Lists workflows.
    ///
    /// # Errors
    ///
    /// When there is no answer, or none of success.
    pub async fn workflows(&self, workspace: &WorkspaceSid, most: usize) -> Result<Vec<Workflow>, RestError> {
        let path = ["v1", "Workspaces", workspace.as_str(), "Workflows"];
        let request = Request::get(Product::TaskRouter, &path).query("PageSize", Some(most.min(PAGE)));
        self.list(request, "workflows", most).await
    }

    /// Reads a workflow.
    ///
    /// # Errors
    ///
    /// When there is no answer, or none of success.
    pub async fn workflow(
        &self,
        workspace: &WorkspaceSid,
        workflow: &WorkflowSid,
    ) -> Result<Workflow, RestError> {
        let path = ["v1", "Workspaces", workspace.as_str(), "Workflows", workflow.as_str()];
        self.ask(Request::get(Product::TaskRouter, &path)).await
    }

    /// Lists queues.
    ///
    /// # Errors
    ///
    /// When there is no answer, or none of success.
    pub async fn task_queues(
        &self,
        workspace: &WorkspaceSid,
        most: usize,
    ) -> Result<Vec<TaskQueue>, RestError> {
        let path = ["v1", "Workspaces", workspace.as_str(), "TaskQueues"];
        let request = Request::get(Product::TaskRouter, &path).query("PageSize", Some(most.min(PAGE)));
        self.list(request, "task_queues", most).await
    }

    /// Reads a queue.
    ///
    /// # Errors
    ///
    /// When there is no answer, or none of success.
    pub async fn task_queue(
        &self,
        workspace: &WorkspaceSid,
        queue: &TaskQueueSid,
    ) -> Result<TaskQueue, RestError> {
        let path = ["v1", "Workspaces", workspace.as_str(), "TaskQueues", queue.as_str()];
        self.ask(Request::get(Product::TaskRouter, &path)).await
    }

    async fn task_of(&self, request: Request) -> Result<Task, RestError> {
        let answer = self.send(&request).await?;
        let task: Task = serde_json::from_value(answer.body).map_err(|_| RestError::Broken)?;
        Ok(Task { version: answer.version, ..task })
    }
}
