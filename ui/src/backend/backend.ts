import type { commands, events } from "~/generated/bindings";

type Command = (...args: never[]) => Promise<unknown>;
type Data<R> = R extends { status: "ok"; data: infer D } ? D : never;

/** Every command of the app, with its data as the result and a {@link BackendError} for what goes wrong. */
export type Commands = {
  [Name in keyof typeof commands]: (typeof commands)[Name] extends Command
    ? (
        ...args: Parameters<(typeof commands)[Name]>
      ) => Promise<Data<Awaited<ReturnType<(typeof commands)[Name]>>>>
    : never;
};

export type FileKind = "certificate" | "macaroon";

/** What the window asks of the world outside: the app, and the desktop around it. */
export interface Backend extends Commands {
  /** Calls back for each change until the returned function is called. */
  onChange(listener: (change: Change) => void): () => void;
  /** Lets the person choose a file; nothing when they did not. */
  pickFile(kind: FileKind, title: string): Promise<string | null>;
  copyText(text: string): Promise<void>;
}

type Answer<Name extends keyof Commands> = Awaited<ReturnType<Commands[Name]>>;

export type Change = Parameters<Parameters<typeof events.change.listen>[0]>[0]["payload"];

export type AppView = Answer<"appState">;
export type Profile = Answer<"profileOpen">;
export type VaultNeed = Extract<AppView, { stage: "locked" }>["needs"];
export type ConnectionInput = Parameters<Commands["connectionCheck"]>[0];
export type ConnectionHints = Answer<"connectionHints">;
export type ConnectionReport = Answer<"connectionCheck">;
export type NodeSummary = ConnectionReport["node"];
export type Permissions = ConnectionReport["permissions"];
export type Permission = Permissions["missing"][number];
export type Keysend = ConnectionReport["keysend"];
export type NodeView = Answer<"nodeView">;
export type Condition = NodeView["health"][number];
export type Link = NodeView["link"];
export type LinkFault = Extract<Link, { state: "waiting" }>["fault"];
export type ConversationFilter = Parameters<Commands["conversationsList"]>[0];
export type Conversation = Answer<"conversationGet">;
export type Contact = Conversation["contact"];
export type Trust = Contact["trust"];
export type ContactKey = Answer<"contactKey">;
export type Preview = NonNullable<Conversation["last"]>;
export type Reach = Answer<"conversationReach">;
export type PageAt = Parameters<Commands["messagesPage"]>[1];
export type Message = Answer<"messageGet">;
export type Delivery = NonNullable<Message["delivery"]>;
export type Carrier = NonNullable<Message["carrier"]>;
export type Way = Delivery["way"];
export type Hold = NonNullable<Message["hold"]>;
export type PayBack = NonNullable<Message["refund"]>;
export type MessageDetails = Answer<"messageDetails">;
export type Attempt = MessageDetails["attempts"][number];
export type Failure = NonNullable<Delivery["failure"]>;
export type Reply = NonNullable<Message["reply"]>;
export type Amendment = MessageDetails["amendments"][number];
export type AmendRequest = Parameters<Commands["messageAmend"]>[1];
export type SendRequest = Parameters<Commands["messageSend"]>[0];
export type Quote = Answer<"quote">;
export type ContactTotals = Answer<"conversationCosts">;
export type Totals = ContactTotals["totals"];
export type Costs = Answer<"costs">;
export type SearchHit = Answer<"search">[number];
export type Settings = Answer<"settingsGet">;
