// The panel: its head, its tabs, and the bar of what is ticked.

import { useEffect, useMemo, useState } from "preact/hooks";
import { Cards, Head } from "./head";
import type { Kernel } from "./kernel";
import { List } from "./list";
import { BasketBar, PlanView } from "./sweep";
import { OverviewTab } from "./overview";
import { MissingTab, OpinionTab, ProblemsTab, ReferencesTab, useScan } from "./tabs";
import { TrashTab } from "./trash";
import { TreemapView } from "./treemap";
import { given, type Plan, type Purge } from "./types";
import { type Panel, PanelContext, refusalText, usePanel } from "./ui";

export function App({ kernel, root }: { kernel: Kernel; root: HTMLElement }) {
  const [tab, setTab] = useState("objects");
  const [refusals, setRefusals] = useState<Record<string, string>>({});
  const [zoomed, setZoomed] = useState({ of: 0, inside: -1 });
  const panel: Panel = {
    kernel,
    root,
    refusals,
    openTab: setTab,
    zoomed,
    setZoomed,
    ask: (place, verb, args, replaces) => {
      const asked = kernel.wire.ask(verb, args, replaces);
      if (!place) return asked;
      setRefusals((all) => (all[place] ? { ...all, [place]: "" } : all));
      return asked
        .then((value) => value ?? null)
        .catch((error) => {
          setRefusals((all) => ({ ...all, [place]: refusalText(error) }));
          return undefined;
        });
    },
  };
  // what was refused is over once another question is open, or another command was given
  const { plan, purge, said } = kernel.state;
  useEffect(() => setRefusals({}), [given<Plan>(plan)?.number, given<Purge>(purge)?.number, said]);
  return (
    <PanelContext.Provider value={panel}>
      <Head />
      <Body tab={tab} setTab={setTab} />
      <BasketBar ticking={tab === "objects"} />
    </PanelContext.Provider>
  );
}

function Body({ tab, setTab }: { tab: string; setTab: (name: string) => void }) {
  const { kernel } = usePanel();
  const { objects, missing, sweeps } = kernel.state;
  const scan = useScan();
  const plan = given<Plan>(kernel.state.plan);
  const status = useStatus();
  const count = (number: number | undefined): string => (scan && number !== undefined ? number.toLocaleString("en") : "");
  const tabs: [string, string, string][] = [
    ["objects", "Objects", ""],
    ["missing", "Missing", count(missing.total)],
    ["trash", "Trash", count(sweeps.total)],
    ["usage", "References", ""],
    ["overview", "Overview", ""],
    ["problems", "Problems", count(scan?.problems.length)],
    ["opinion", "Second opinion", ""],
  ];
  useEffect(() => {
    if (plan) setTab("objects");
  }, [plan?.number]);
  return (
    <>
      <Cards shown={tab === "objects" ? (status ?? "") : tab === "missing" ? "missing" : ""} />
      <TabBar tabs={tabs} tab={tab} setTab={setTab} />
      <div class="djgc-tab" role="tabpanel" aria-label={tabs.find(([name]) => name === tab)?.[1]}>
        {tab === "objects" && plan && <PlanView />}
        {tab === "objects" && !plan && <ObjectsTab status={status} total={objects.total} />}
        {tab === "missing" && <MissingTab />}
        {tab === "trash" && <TrashTab />}
        {tab === "usage" && <ReferencesTab />}
        {tab === "overview" && <OverviewTab />}
        {tab === "problems" && <ProblemsTab />}
        {tab === "opinion" && <OpinionTab />}
      </div>
    </>
  );
}

// Which card's rows are shown; "all" without a filter by status, nothing with several.
function useStatus(): string | undefined {
  const { kernel } = usePanel();
  const scan = useScan();
  const chip = kernel.state.objects.chips.find((each) => each.title === "Status");
  if (!chip) return "all";
  return scan?.cards.find((card) => card.label === chip.text)?.key;
}

const EMPTY: Record<string, string> = {
  orphan: "✓ No orphans: rows refer to all that is old enough and well understood.",
  young: "Nothing is younger than the minimum age.",
  unknown: "✓ Nothing is unknown.",
  trash: "No object is in the trash.",
  live: "No row refers to anything stored here.",
};

function ObjectsTab({ status, total }: { status: string | undefined; total: number }) {
  const { kernel } = usePanel();
  const scan = useScan();
  const unsure = scan?.complete === false;
  const words = useMemo(
    () => ({
      name: "Objects",
      noun: "object",
      hint: "search path, table, why …",
      none: unsure
        ? "Not known: the scan is incomplete. See Problems."
        : scan?.unlisted
          ? "Nothing to list: rows refer to all that is stored."
          : "The stores are empty.",
    }),
    [unsure, scan?.unlisted],
  );
  if (!scan) return <p class="djgc-muted">Objects are listed here, orphans first, when the first scan is done.</p>;
  const locked = kernel.state.work.activity !== "" || !scan.complete || kernel.connection !== "live";
  const card = scan.cards.find((each) => each.key === status);
  const none = status && total > 0 && card?.none ? EMPTY[status] : "";
  return (
    <>
      <TreemapView />
      {none && !unsure ? <p class="djgc-empty">{none}</p> : null}
      {status === "live" || status === "all" ? <p class="djgc-sum">{scan.unlisted}</p> : null}
      <List table="objects" words={words} tickable locked={locked} only={status && status !== "all" ? "status" : ""} />
    </>
  );
}

function TabBar(props: { tabs: [string, string, string][]; tab: string; setTab: (name: string) => void }) {
  const names = props.tabs.map(([name]) => name);
  const move = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = names[(names.indexOf(props.tab) + step + names.length) % names.length] as string;
    props.setTab(next);
    (event.currentTarget as HTMLElement).querySelector<HTMLElement>(`[data-tab=${next}]`)?.focus();
  };
  return (
    <div class="djgc-tabs" role="tablist" aria-label="Views" onKeyDown={move}>
      {props.tabs.map(([name, label, count]) => (
        <button
          type="button"
          role="tab"
          data-tab={name}
          aria-selected={name === props.tab}
          tabIndex={name === props.tab ? 0 : -1}
          onClick={() => props.setTab(name)}
        >
          {label}
          {count && <em>{count}</em>}
        </button>
      ))}
    </div>
  );
}
