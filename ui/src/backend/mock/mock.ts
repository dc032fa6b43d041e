import type {
  AmendRequest,
  AppView,
  Backend,
  Change,
  Condition,
  ConnectionHints,
  ConnectionInput,
  ConnectionReport,
  ContactKey,
  Conversation,
  ConversationFilter,
  FileKind,
  Link,
  Message,
  NodeView,
  PageAt,
  Profile,
  SendRequest,
  Settings,
  Trust,
  Way,
} from "../backend";
import type { BackendError } from "../error";
import { ALICE, BAKE, costs, costsWith, FINE, HOLDS, REPORT, SETTINGS, STOCK, SUMMARY } from "./answers";
import { amended, isTold, letterOf, replyTo, type Done } from "./amendments";
import { delivered, delivery, hold, MINUTE, outgoing, SAT } from "./messages";
import {
  carrierOf,
  checkConnection,
  detailsOf,
  hitsIn,
  paybackQuoteOf,
  quoteOf,
  reachOf,
  refusal,
  viewOf,
} from "./derive";
import { contact, conversation, hex, NO_KEY } from "./people";
import { startOf, worldOf, type Scene } from "./scenes";

export interface MockOptions {
  scene?: Scene;
  /** Whether messages go their way by themselves, as on the dev page. */
  lively?: boolean;
  settings?: Partial<Settings>;
}

/**
 * An app without a node, for the dev page and for tests. It answers from memory and keeps the rules that the window
 * can see; whatever a test wants to be different it sets itself.
 */
export class MockBackend implements Backend {
  readonly scene: Scene;
  app: AppView;
  link: Link;
  /** What is wrong. */
  health: Condition[];
  settings: Settings;
  profiles: Profile[];
  conversations: Conversation[];
  messages: Map<number, Message[]>;
  /** What is known of the keys of others, by conversation. */
  keys: Map<number, ContactKey>;
  copied: string[] = [];
  /** What was done to messages, by their keys. */
  readonly done = new Map<number, Done>();
  /** What commands were given, by name. */
  readonly asked: { command: string; args: unknown[] }[] = [];
  /** Commands that fail, and why. */
  readonly failing = new Map<string, BackendError>();
  report: ConnectionReport = REPORT;
  /** Where the secrets of a new profile go. */
  secrets: ConnectionHints["secrets"];

  readonly #lively: boolean;
  readonly #listeners = new Set<(change: Change) => void>();
  #nextKey = 5_000_000;

  constructor({ scene = "story", lively = false, settings = {} }: MockOptions = {}) {
    const now = Date.now();
    const world = worldOf(scene, now);
    this.scene = scene;
    this.conversations = world.conversations;
    this.messages = world.messages;
    this.keys = world.keys;
    this.settings = { ...SETTINGS, ...settings };
    const start = startOf(scene, now);
    this.profiles = start.profiles;
    this.app = start.app;
    this.link = start.link;
    this.health = start.health;
    this.secrets = start.secrets;
    for (const command of start.failing) {
      this.failing.set(command, refusal("database_broken", "disk I/O error"));
    }
    this.#lively = lively;
  }

  onChange(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(change: Change): void {
    for (const listener of [...this.#listeners]) listener(change);
  }

  /** Changes a message, as an actor of the app would, and tells it. */
  alter(key: number, patch: Partial<Message>): void {
    const found = this.#find(key);
    const list = this.messages.get(found.conversation) ?? [];
    const index = list.indexOf(found);
    list[index] = { ...found, ...patch };
    this.tell({ kind: "message", conversation: found.conversation, key });
  }

  /** A card has come, or has changed something. */
  card(id: number, key: ContactKey): void {
    this.keys.set(id, key);
    this.tell({ kind: "conversation", id });
  }

  /** A message from the other side. */
  receive(id: number, text: string, patch: Partial<Message> = {}): number {
    const key = this.#store(id, {
      direction: "incoming",
      text,
      delivery: null,
      hold: hold({ arrived_at: Date.now() }),
      ...patch,
    });
    const row = this.#conversation(id);
    row.unread += 1;
    this.tell({ kind: "message", conversation: id, key });
    return key;
  }

  appState = () => this.#answer("appState", [], () => this.app);
  profilesList = () => this.#answer("profilesList", [], () => this.profiles);

  connectionHints = () =>
    this.#answer("connectionHints", [], (): ConnectionHints => ({
      bake_command: BAKE,
      secrets: this.secrets,
    }));

  connectionCheck = (input: ConnectionInput) =>
    this.#answer("connectionCheck", [input], () => {
      checkConnection(input);
      return this.report;
    });

  profileCreate = (input: ConnectionInput, name: string, passphrase: string | null) =>
    this.#answer("profileCreate", [input, name, passphrase], () => {
      this.#mustBeComplete();
      if (this.secrets === "passphrase" && passphrase === null) throw refusal("passphrase_needed");
      const profile = { ...ALICE, name };
      this.profiles = [profile];
      this.app = { stage: "open", profile };
      this.tell({ kind: "app" });
      return profile;
    });

  profileOpen = (id: string, passphrase: string | null) =>
    this.#answer("profileOpen", [id, passphrase], () => {
      const profile = this.profiles.find((known) => known.id === id);
      if (profile === undefined) throw refusal("unknown_profile");
      if (this.scene === "locked" && passphrase !== "correct horse") throw refusal("passphrase_wrong");
      if (this.scene === "keyring") throw refusal("keyring_locked", "org.freedesktop.secrets: locked");
      this.app = { stage: "open", profile };
      this.tell({ kind: "app" });
      return profile;
    });

  profileStartEmpty = (id: string, passphrase: string | null) =>
    this.#answer("profileStartEmpty", [id, passphrase], () => {
      const profile = this.profiles.find((known) => known.id === id);
      if (profile === undefined) throw refusal("unknown_profile");
      this.failing.delete("appState");
      this.app = { stage: "open", profile };
      this.tell({ kind: "app" });
      return profile;
    });

  profileReconnect = (id: string, input: ConnectionInput) =>
    this.#answer("profileReconnect", [id, input], () => {
      this.#mustBeComplete();
      this.link = { state: "connected", synced: true };
      this.tell({ kind: "link" });
      return ALICE;
    });

  profileRename = (id: string, name: string) =>
    this.#answer("profileRename", [id, name], () => {
      this.profiles = this.profiles.map((profile) => (profile.id === id ? { ...profile, name } : profile));
      const now = this.profiles.find((profile) => profile.id === id);
      if (this.app.stage === "open" && now && this.app.profile.id === id)
        this.app = { stage: "open", profile: now };
      this.tell({ kind: "app" });
      return null;
    });

  profileRemove = (id: string, anyway: boolean) =>
    this.#answer("profileRemove", [id, anyway], () => {
      this.profiles = this.profiles.filter((profile) => profile.id !== id);
      if (this.app.stage === "open" && this.app.profile.id === id) this.app = { stage: "first_run" };
      this.tell({ kind: "app" });
      return null;
    });

  nodeView = () =>
    this.#answer("nodeView", [], (): NodeView => {
      const known = this.link.state === "connected";
      return {
        link: this.link,
        health: this.health,
        address: ALICE.address,
        summary: known ? SUMMARY : null,
        permissions: known ? FINE : null,
        keysend: known ? (this.scene === "many" ? STOCK : HOLDS) : null,
      };
    });

  linkRetry = () =>
    this.#answer("linkRetry", [], () => {
      if (this.link.state === "waiting") this.link = { ...this.link, next_try: Date.now() + 30_000 };
      this.tell({ kind: "link" });
      return null;
    });

  nodeTakeOver = () =>
    this.#answer("nodeTakeOver", [], () => {
      this.health = this.health.filter((condition) => condition.kind !== "other_app");
      this.tell({ kind: "link" });
      return null;
    });

  conversationsList = (filter: ConversationFilter, query: string) =>
    this.#answer("conversationsList", [filter, query], () => {
      const wanted = query.toLowerCase();
      return this.conversations
        .filter(
          ({ contact: { trust } }) =>
            trust === ({ requests: "request", blocked: "blocked" }[filter as string] ?? "known"),
        )
        .map((row) => viewOf(row, this.messages.get(row.id)))
        .filter((row) => (filter === "unread" ? row.unread > 0 : filter === "held" ? row.held > 0 : true))
        .filter(({ contact: { name, alias, node } }) =>
          [name, alias, node].some((words) => words.toLowerCase().includes(wanted)),
        )
        .sort((a, b) => (b.last?.at ?? b.contact.since) - (a.last?.at ?? a.contact.since));
    });

  conversationGet = (id: number) =>
    this.#answer("conversationGet", [id], () => viewOf(this.#conversation(id), this.messages.get(id)));

  conversationSeen = (id: number) =>
    this.#answer("conversationSeen", [id], () => {
      this.#conversation(id).unread = 0;
      this.tell({ kind: "conversation", id });
      return null;
    });

  conversationSetDraft = (id: number, text: string) =>
    this.#answer("conversationSetDraft", [id, text], () => {
      this.#conversation(id).draft = text;
      this.tell({ kind: "conversation", id });
      return null;
    });

  conversationReach = (id: number) =>
    this.#answer("conversationReach", [id], () => {
      if (this.link.state !== "connected") throw refusal("offline");
      return reachOf(id);
    });

  contactAdd = (address: string, name: string) =>
    this.#answer("contactAdd", [address, name], () => {
      const [node = "", host] = address.split("@");
      if (node === ALICE.node) throw refusal("to_self");
      if (host?.startsWith("0."))
        throw refusal("peer_unreachable", "dial tcp 0.0.0.1:9735: connect: connection refused");
      const known = this.conversations.find((row) => row.contact.node === node);
      if (known) return known.id;
      const added = { ...contact(node, { name, program: { kind: "unknown" } }), node, since: Date.now() };
      const id = Math.max(0, ...this.conversations.map((row) => row.id)) + 1;
      this.conversations.push(
        conversation(id, { ...added, title: name || `${node.slice(0, 6)}…${node.slice(-4)}` }),
      );
      this.tell({ kind: "conversation", id });
      return id;
    });

  contactUpdate = (node: string, name: string, note: string, acceptUpTo: number) =>
    this.#answer("contactUpdate", [node, name, note, acceptUpTo], () => {
      const row = this.#byNode(node);
      const title = name || row.contact.alias || `${node.slice(0, 6)}…${node.slice(-4)}`;
      row.contact = { ...row.contact, name, note, title, accept_up_to: acceptUpTo };
      this.tell({ kind: "conversation", id: row.id });
      return null;
    });

  contactSetTrust = (node: string, trust: Trust) =>
    this.#answer("contactSetTrust", [node, trust], () => {
      const row = this.#byNode(node);
      row.contact = { ...row.contact, trust };
      this.tell({ kind: "conversation", id: row.id });
      return null;
    });

  requestsRefuseAll = () =>
    this.#answer("requestsRefuseAll", [], () => {
      const requests = this.conversations.filter((row) => row.contact.trust === "request");
      this.conversations = this.conversations.filter((row) => row.contact.trust !== "request");
      for (const { id } of requests) {
        this.messages.delete(id);
        this.tell({ kind: "removed", id });
      }
      return requests.length;
    });

  contactSetWay = (node: string, way: Way, sealedOnly: boolean) =>
    this.#answer("contactSetWay", [node, way, sealedOnly], () => {
      const row = this.#byNode(node);
      row.contact = { ...row.contact, way, sealed_only: sealedOnly };
      this.tell({ kind: "conversation", id: row.id });
      return null;
    });

  contactKey = (node: string) => this.#answer("contactKey", [node], () => this.#key(this.#byNode(node).id));

  contactSetCompared = (node: string, number: string, compared: boolean) =>
    this.#answer("contactSetCompared", [node, number, compared], () => {
      const { id } = this.#byNode(node);
      const key = this.#key(id);
      if (key.safety_number !== number) throw refusal("key_changed");
      this.card(id, { ...key, compared, changed: false });
      return null;
    });

  contactGreet = (id: number) =>
    this.#answer("contactGreet", [id], () => {
      if (this.link.state !== "connected") throw refusal("offline");
      this.#conversation(id);
      return null;
    });

  contactRemove = (node: string) =>
    this.#answer("contactRemove", [node], () => {
      const row = this.#byNode(node);
      this.conversations = this.conversations.filter((other) => other !== row);
      this.messages.delete(row.id);
      this.tell({ kind: "removed", id: row.id });
      return null;
    });

  messagesPage = (id: number, at: PageAt, limit: number) =>
    this.#answer("messagesPage", [id, at, limit], () => {
      const all = this.messages.get(id) ?? [];
      const index = at.kind === "end" ? all.length : all.findIndex((message) => message.key === at.key);
      if (index < 0) throw refusal("not_found");
      const from = {
        end: index - limit,
        before: index - limit,
        after: index + 1,
        around: index - (limit >> 1),
      }[at.kind];
      const start = Math.max(0, from);
      const end = at.kind === "before" ? index : Math.min(all.length, Math.max(0, from) + limit);
      return { messages: all.slice(start, end), more_before: start > 0, more_after: end < all.length };
    });

  messageGet = (key: number) => this.#answer("messageGet", [key], () => this.#find(key));

  messageDetails = (key: number) =>
    this.#answer("messageDetails", [key], () => ({ ...detailsOf(this.#find(key)), ...this.done.get(key) }));

  messageAmend = (key: number, request: AmendRequest) =>
    this.#answer("messageAmend", [key, request], () => {
      const message = this.#find(key);
      const { contact } = this.#conversation(message.conversation);
      if (isTold(message) && contact.program.kind !== "heliograph") throw refusal("no_letters");
      const patch = amended(message, request, Date.now());
      const { versions, amendments } = this.done.get(key) ?? { versions: [], amendments: [] };
      const before = { text: message.text, at: message.edited_at ?? message.stored_at };
      this.done.set(key, {
        versions:
          request.kind === "edit" ? [...versions, before] : request.kind === "take_back" ? [] : versions,
        amendments: [...amendments, letterOf((this.#nextKey += 1), request, Date.now())],
      });
      this.alter(key, patch);
      return null;
    });

  messageAmendQuote = (key: number, request: AmendRequest) =>
    this.#answer("messageAmendQuote", [key, request], () => {
      const message = this.#find(key);
      if (!isTold(message) && request.kind !== "react") return null;
      const text = request.kind === "edit" ? request.text : "";
      return this.#quote({
        conversation: message.conversation,
        text,
        payment: 0,
        fee_limit: null,
        way: "auto",
        reply_to: null,
      });
    });

  messageSend = (request: SendRequest) =>
    this.#answer("messageSend", [request], () => {
      const { conversation: id, text, payment, way, reply_to: answered } = request;
      const carrier = carrierOf(request, this.#conversation(id).contact, this.#key(id));
      const key = this.#store(id, {
        text,
        reply: answered === null ? null : replyTo(this.#find(answered)),
        kind: { kind: payment > 0 ? "payment" : "text" },
        payment,
        carrier,
        delivery: delivery({
          state: this.link.state === "connected" && carrier !== null ? "in_flight" : "queued",
          returned: null,
          failure: carrier === null ? "no_way" : null,
          way,
          amount: payment || SAT,
          postage: payment === 0,
          hops: null,
          waits_until: payment > 0 ? Date.now() + 15 * MINUTE : null,
        }),
        hold: null,
      });
      this.tell({ kind: "message", conversation: id, key });
      if (carrier === "peer" || carrier === "onion") {
        this.#later(300, () => {
          this.alter(key, { delivery: delivered(Date.now(), { hops: carrier === "peer" ? 1 : 2 }) });
        });
      } else if (payment === 0)
        this.#later(900, () => {
          this.alter(key, { delivery: delivery() });
        });
      else
        this.#later(4_000, () => {
          this.alter(key, {
            delivery: delivery({
              state: "settled",
              returned: null,
              amount: payment,
              postage: false,
              fee: 1_204,
              paid: payment + 1_204,
              waits_until: Date.now(),
            }),
          });
        });
      return key;
    });

  messageRetry = (key: number) =>
    this.#answer("messageRetry", [key], () => {
      this.alter(key, { delivery: delivery({ state: "in_flight", returned: null, hops: null }) });
      this.#later(1_500, () => {
        this.alter(key, { delivery: delivery() });
      });
      return null;
    });

  messageCancel = (key: number) =>
    this.#answer("messageCancel", [key], () => {
      this.alter(key, { delivery: delivery({ state: "cancelled", returned: null }) });
      return null;
    });

  messageDelete = (key: number) =>
    this.#answer("messageDelete", [key], () => {
      const { conversation: id, hold: under } = this.#find(key);
      if (under?.state === "held") throw refusal("busy");
      this.messages.set(
        id,
        (this.messages.get(id) ?? []).filter((message) => message.key !== key),
      );
      this.tell({ kind: "message", conversation: id, key });
      return null;
    });

  quote = (request: SendRequest) => this.#answer("quote", [request], () => this.#quote(request));

  paymentAccept = (key: number) => this.#decide("paymentAccept", key, "accepting", "settled");
  paymentRefuse = (key: number) => this.#decide("paymentRefuse", key, "refunding", "returned");

  paybackQuote = (key: number) =>
    this.#answer("paybackQuote", [key], () => paybackQuoteOf(this.#find(key).hold?.amount ?? 0));

  paymentPayBack = (key: number, feeLimit: number | null) =>
    this.#answer("paymentPayBack", [key, feeLimit], () => {
      const { conversation: id, hold: under } = this.#find(key);
      const amount = under?.amount ?? 0;
      const back = this.#store(id, {
        text: "",
        kind: { kind: "refund", of: hex(`hash ${key}`, 64) },
        payment: amount,
        refund_of: key,
        delivery: delivery({ state: "in_flight", returned: null, amount, postage: false }),
        hold: null,
      });
      const refund = { message: back, done: false, failed: false, amount };
      if (under) this.alter(key, { refund, hold: { ...under, can_pay_back: false } });
      this.tell({ kind: "message", conversation: id, key: back });
      this.#later(2_000, () => {
        this.alter(back, {
          delivery: delivery({
            state: "settled",
            returned: null,
            amount,
            postage: false,
            fee: 1_036,
            paid: amount + 1_036,
          }),
        });
        this.alter(key, { refund: { ...refund, done: true } });
      });
      return back;
    });

  costs = () =>
    this.#answer("costs", [], () => {
      const all = costs(this.conversations);
      return all.contacts.length === 0 ? { ...all, months: [] } : all;
    });

  conversationCosts = (id: number) =>
    this.#answer("conversationCosts", [id], () => costsWith(this.#conversation(id)));

  search = (text: string, id: number | null, before: number | null, limit: number) =>
    this.#answer("search", [text, id, before, limit], () =>
      hitsIn([...this.messages.values()].flat(), text)
        .filter((hit) => id === null || hit.conversation === id)
        .filter((hit) => before === null || hit.message < before)
        .slice(0, limit)
        .map((hit) => ({ ...hit, title: this.#conversation(hit.conversation).contact.title })),
    );

  settingsGet = () => this.#answer("settingsGet", [], () => this.settings);

  settingsSet = (settings: Settings) =>
    this.#answer("settingsSet", [settings], () => {
      this.settings = settings;
      return null;
    });

  pickFile = (kind: FileKind, title: string) =>
    this.#answer("pickFile", [kind, title], () =>
      kind === "certificate" ? "/home/alice/.lnd/tls.cert" : "/home/alice/heliograph.macaroon",
    );

  copyText = (text: string) =>
    this.#answer("copyText", [text], () => {
      this.copied.push(text);
    });

  /** Nothing works without the needed permissions: the app saves no such profile. */
  #mustBeComplete(): void {
    const { missing, bake_command: command } = this.report.permissions;
    if (missing.length > 0) throw refusal("missing_permission", command);
  }

  #answer<T>(command: string, args: unknown[], work: () => T): Promise<T> {
    this.asked.push({ command, args });
    const failure = this.failing.get(command);
    // As over a wire: what was answered does not change afterwards.
    return Promise.resolve().then(() => {
      if (failure !== undefined) throw failure;
      return structuredClone(work());
    });
  }

  #later(delay: number, act: () => void): void {
    if (this.#lively) setTimeout(act, delay);
  }

  #decide(command: string, key: number, now: "accepting" | "refunding", then: "settled" | "returned") {
    return this.#answer(command, [key], () => {
      const under = this.#find(key).hold;
      if (under?.state !== "held") throw refusal("not_now", under?.state ?? null);
      this.alter(key, { hold: { ...under, state: now, decision: "person" } });
      this.#later(700, () => {
        this.alter(key, { hold: { ...under, state: then, decision: "person" } });
      });
      return null;
    });
  }

  #conversation(id: number): Conversation {
    const row = this.conversations.find((known) => known.id === id);
    if (row === undefined) throw refusal("not_found");
    return row;
  }

  #quote(request: SendRequest) {
    if (this.link.state !== "connected") throw refusal("offline");
    const { conversation: id } = request;
    return quoteOf(request, this.#conversation(id).contact, this.#key(id));
  }

  #key(id: number): ContactKey {
    return this.keys.get(id) ?? NO_KEY;
  }

  #byNode(node: string): Conversation {
    const row = this.conversations.find((known) => known.contact.node === node);
    if (row === undefined) throw refusal("not_found");
    return row;
  }

  #find(key: number): Message {
    for (const list of this.messages.values()) {
      const found = list.find((message) => message.key === key);
      if (found !== undefined) return found;
    }
    throw refusal("not_found");
  }

  #store(id: number, patch: Partial<Message>): number {
    const key = (this.#nextKey += 1);
    const sealed = this.#conversation(id).contact.program.kind === "heliograph";
    const plain = outgoing(key, id, Date.now());
    const message: Message = { ...plain, privacy: sealed ? "sealed" : "open", ...patch };
    this.messages.set(id, [...(this.messages.get(id) ?? []), message]);
    return key;
  }
}

export { refusal } from "./derive";
