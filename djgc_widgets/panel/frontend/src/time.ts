// Times come in UTC and are shown in the time zone of the page.

const UNITS: [string, number][] = [
  ["year", 365.25 * 86400],
  ["month", 30.44 * 86400],
  ["day", 86400],
  ["hour", 3600],
  ["min", 60],
];

export function ago(iso: string, now: number): string {
  const seconds = (now - Date.parse(iso)) / 1000;
  for (const [unit, length] of UNITS) {
    const count = Math.floor(seconds / length);
    if (count >= 1) return `${count} ${unit}${count > 1 && unit !== "min" ? "s" : ""} ago`;
  }
  return "just now";
}

const pad = (number: number): string => String(number).padStart(2, "0");

export function local(iso: string): string {
  if (!iso) return "";
  const time = new Date(iso);
  const day = [time.getFullYear(), pad(time.getMonth() + 1), pad(time.getDate())].join("-");
  return `${day} ${pad(time.getHours())}:${pad(time.getMinutes())}`;
}

export function utc(iso: string): string {
  return iso ? `${new Date(iso).toISOString().slice(0, 19).replace("T", " ")} UTC` : "";
}
