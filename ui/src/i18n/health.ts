/** Words for what is wrong, and for what a person can do about it. */

import type { Condition } from "~/backend/backend";
import { spanInWords } from "~/lib/time";

import { currentLocale } from "./locale.svelte";
import { m } from "./paraglide/messages.js";
import type { Words } from "./words";

function clockWords(skew: number, wrong: Extract<Condition, { kind: "clock_off" }>["wrong"]): Words {
  const seconds = Math.abs(skew) / 1000;
  const unit = [86_400, 3_600, 60, 1].find((size) => seconds >= 2 * size) ?? 1;
  const span = spanInWords(Math.round(seconds / unit) * unit, currentLocale());
  const help = {
    unknown: m.health_clock_unknown_help,
    computer: m.health_clock_computer_help,
    node: m.health_clock_node_help,
  };
  return {
    title: skew > 0 ? m.health_clock_ahead({ span }) : m.health_clock_behind({ span }),
    help: help[wrong](),
  };
}

/** What is wrong, in a line, and what helps. */
export function healthWords(condition: Condition): Words {
  switch (condition.kind) {
    case "disk_full":
      return { title: m.health_disk_full(), help: m.health_disk_full_help() };
    case "disk_read_only":
      return { title: m.health_disk_read_only(), help: m.health_disk_read_only_help() };
    case "database_damaged":
      return {
        title: m.health_database_damaged(),
        help: `${m.health_database_damaged_help()} ${m.quoted({ words: condition.detail })}`,
      };
    case "database_fails":
      return {
        title: m.health_database_fails(),
        help: `${m.health_database_fails_help()} ${m.quoted({ words: condition.detail })}`,
      };
    case "task_fails":
      return {
        title: m.health_task_fails(),
        help: m.health_task_fails_help({ task: condition.task, count: condition.times }),
      };
    case "set_aside":
      return {
        title: m.health_set_aside({ count: condition.count }),
        help: m.health_set_aside_help(),
      };
    case "clock_off":
      return clockWords(condition.skew_ms, condition.wrong);
    case "history_lost":
      return { title: m.health_history_lost(), help: m.health_history_lost_help() };
    case "catching_up":
      return { title: m.health_catching_up(), help: m.health_catching_up_help() };
    case "other_app":
      return condition.in_charge
        ? { title: m.health_other_app_waits(), help: m.health_other_app_waits_help() }
        : { title: m.health_other_app_leads(), help: m.health_other_app_leads_help() };
  }
}

/** Whether it is worth interrupting somebody: nothing works, or money waits. */
export function isUrgent(condition: Condition): boolean {
  switch (condition.kind) {
    case "disk_full":
    case "disk_read_only":
    case "database_damaged":
    case "database_fails":
      return true;
    case "other_app":
      return !condition.in_charge;
    default:
      return false;
  }
}
