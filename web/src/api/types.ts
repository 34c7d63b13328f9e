/**
 * Names for the shapes of the public API. The shapes themselves are generated
 * from the server's own description by `npm run generate`; nothing is written by
 * hand here. It refuses to hold behaviour.
 */
import type { components } from "./schema";

type Schemas = components["schemas"];

/** A part of a list, and where the next part begins. */
export interface List<T> {
  items: T[];
  next: string | null;
}

export type Problem = Schemas["Problem"];
export type Fault = Schemas["Fault"];

export type Session = Schemas["Session"];
export type Role = Schemas["RoleName"];
export type Token = Schemas["Token"];
export type AuditRecord = Schemas["AuditRecord"];

export type Incident = Schemas["Incident"];
export type ServiceGroup = Schemas["ServiceGroup"];
export type CustomField = Schemas["CustomField"];
export type FieldFigures = Schemas["FieldFigures"];
export type Hit = Schemas["Hit"];
export type KindCount = Schemas["KindCount"];
export type Matched = Schemas["Matched"];
export type SearchKey = Schemas["SearchKey"];
export type IncidentStatus = Schemas["IncidentStatus"];
export type Impact = Schemas["Impact"];
export type Money = Schemas["Cost"];
export type IncidentUpdates = Schemas["IncidentUpdates"];
export type AudienceUpdates = Schemas["AudienceUpdates"];
export type Roster = Schemas["Roster"];
export type Engaged = Schemas["Engaged"];
export type Expected = Schemas["Expected"];
export type HealthCheck = Schemas["HealthCheck"];
export type LedgerEntry = Schemas["LedgerEntry"];
export type NoticePreview = Schemas["NoticePreview"];
export type IncidentGates = Schemas["IncidentGates"];
export type IncidentGate = Schemas["IncidentGate"];
export type Relation = Schemas["Relation"];
export type Template = Schemas["Template"];
export type TemplatePreview = Schemas["TemplatePreview"];
export type Workflow = Schemas["Workflow"];
export type WorkflowStep = Schemas["WorkflowStep"];
export type WorkflowRun = Schemas["WorkflowRun"];
export type WorkflowDryRun = Schemas["WorkflowDryRun"];
export type ConcurrentIncident = Schemas["ConcurrentIncident"];
export type Dependency = Schemas["Dependency"];
export type IncidentLink = Schemas["IncidentLink"];
export type Relative = Schemas["Relative"];
export type Helper = Schemas["Helper"];
export type IncidentChecklist = Schemas["IncidentChecklist"];
export type ChecklistItem = Schemas["ChecklistItem"];
export type OfferedPrompt = Schemas["OfferedPrompt"];
export type IncidentRoles = Schemas["IncidentRoles"];
export type Named = Schemas["Named"];
export type Processes = Schemas["Processes"];
export type SeverityProcess = Schemas["SeverityProcess"];
export type WantedRole = Schemas["WantedRole"];
export type IncidentRole = Schemas["IncidentRole"];
export type HandOverOffer = Schemas["HandOverOffer"];
export type EngagementGroup = Schemas["EngagementGroup"];
export type NotificationList = Schemas["NotificationList"];
export type PlannedStep = Schemas["PlannedStep"];
export type TimelineEntry = Schemas["TimelineEntry"];
export type Synopsis = Schemas["Synopsis"];
export type SynopsisLine = Schemas["SynopsisLine"];
export type TimelineKind = Schemas["TimelineKind"];
export type BulkResult = Schemas["BulkResult"];

export type Page = Schemas["Page"];
export type PageState = Schemas["PageState"];
export type Delivery = Schemas["Delivery"];
export type DeliveryState = Schemas["DeliveryState"];
export type Attempt = Schemas["Attempt"];

export type Alert = Schemas["Alert"];
export type MaintenanceWindow = Schemas["MaintenanceWindow"];
export type WindowPreview = Schemas["WindowPreview"];
export type Heartbeat = Schemas["Heartbeat"];
export type HeartbeatPing = Schemas["HeartbeatPing"];
export type Watch = Schemas["Watch"];
export type Forecast = Schemas["Forecast"];
export type Shadow = Schemas["Shadow"];
export type Message = Schemas["Message"];
export type Trial = Schemas["Trial"];
export type TrialResult = Schemas["TrialResult"];
export type TrialSignal = Schemas["TrialSignal"];

export type Service = Schemas["Service"];
export type Integration = Schemas["Integration"];
export type TestSent = Schemas["TestSent"];
export type User = Schemas["User"];
export type ContactMethod = Schemas["ContactMethod"];
export type PushDevice = Schemas["PushDevice"];
export type NotificationRule = Schemas["NotificationRule"];

export type Schedule = Schemas["Schedule"];
export type CoverRequest = Schemas["CoverRequest"];
export type PersonLoad = Schemas["PersonLoad"];
export type LoadSurvey = Schemas["LoadSurvey"];
export type LeaveFeed = Schemas["LeaveFeed"];
export type Handoff = Schemas["Handoff"];
export type PersonShift = Schemas["PersonShift"];
export type Shift = Schemas["Shift"];
export type OnCallSchedule = Schemas["OnCallOfSchedule"];
export type PublicPage = Schemas["PublicPage"];
export type PageSubscriber = Schemas["PageSubscriber"];
export type ComponentState = Schemas["ComponentState"];
export type StatusStage = Schemas["StatusStage"];
export type EscalationPolicy = Schemas["EscalationPolicy"];
export type EscalationTarget = Schemas["EscalationTarget"];
export type EscalationPreview = Schemas["EscalationPreview"];
export type PlannedPage = Schemas["PlannedPage"];

export type Gap = Schemas["Gap"];
export type EditConflict = Schemas["EditConflict"];
export type EditableDocument = Schemas["EditableDocument"];
export type DocumentVersion = Schemas["DocumentVersion"];
export type SchedulePreview = Schemas["SchedulePreview"];
export type PlannedLoad = Schemas["PlannedLoad"];
export type NewOverride = Schemas["NewOverride"];
export type CoverageFinding = Schemas["CoverageFinding"];
export type Readiness = Schemas["Readiness"];
export type PersonReadiness = Schemas["PersonReadiness"];
export type ServiceReadiness = Schemas["ServiceReadiness"];
export type Provider = Schemas["Provider"];
export type ProviderState = Schemas["ProviderState"];
export type ProviderTest = Schemas["ProviderTest"];

export type Backlog = Schemas["Backlog"];

export type ConfigPlan = Schemas["ConfigPlan"];
export type ConfigChange = Schemas["ConfigChange"];

export type ChangeCalendar = Schemas["ChangeCalendar"];

export type IncidentReport = Schemas["IncidentReport"];
export type Distribution = Schemas["Distribution"];

/** One event of the stream. */
export type StreamEvent = Schemas["Change"];

export type CausedIncident = Schemas["CausedIncident"];
export type IncidentSuspect = Schemas["IncidentSuspect"];
export type ChangeMark = Schemas["ChangeMark"];
export type ChangeEvent = Schemas["ChangeEvent"];
export type ChangeEventKind = Schemas["ChangeEventKind"];
export type ChangeEventState = Schemas["ChangeEventState"];

export type ChangeConflict = Schemas["ChangeConflict"];
export type ChangeNotice = Schemas["ChangeNotice"];
export type ChangeTick = Schemas["ChangeTick"];
export type ChangeRun = Schemas["ChangeRun"];
export type ChangeTemplate = Schemas["ChangeTemplate"];
export type ChangeReading = Schemas["ChangeReading"];
export type ChangeWish = Schemas["ChangeWish"];
export type ChangeConflicts = Schemas["ChangeConflicts"];
export type ChangeItem = Schemas["ChangeItem"];
export type ChangePlan = Schemas["ChangePlan"];
export type ChangeRecord = Schemas["ChangeRecord"];
export type ChangeStep = Schemas["ChangeStep"];
export type ChangeState = Schemas["ChangeState"];
export type ChangeOutcome = Schemas["ChangeOutcome"];
export type ChangeOrigin = Schemas["ChangeOrigin"];
export type ChangeImpact = Schemas["ChangeImpact"];
export type ChangeAssessment = Schemas["ChangeAssessment"];
export type ChangeApproval = Schemas["ChangeApproval"];
export type ChangeDecision = Schemas["ChangeDecision"];
export type ChangeFinding = Schemas["ChangeFinding"];
export type ChangeScore = Schemas["ChangeScore"];
export type ChangeAudit = Schemas["ChangeAudit"];
export type ChangeFigures = Schemas["ChangeFigures"];
export type AuditedChange = Schemas["AuditedChange"];
export type PolicyReplayed = Schemas["PolicyReplayed"];
export type ReplayAsked = Schemas["ReplayAsked"];
export type ChangeExcuse = Schemas["ChangeExcuse"];
export type ChangeException = Schemas["ChangeException"];
export type ExceptionAgreement = Schemas["ExceptionAgreement"];
export type ChangeEntry = Schemas["ChangeEntry"];
export type ChangeCheck = Schemas["ChangeCheck"];

export type Contacts = Schemas["Contacts"];
export type OwnMethod = Schemas["Method"];
export type ContactRule = Schemas["NotificationRule"];
