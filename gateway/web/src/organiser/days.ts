/** Days as date inputs show them, in the time zone of the browser. */

export function toInput(seconds: number | null): string {
  if (seconds === null) return "";
  const day = new Date(seconds * 1000);
  return [day.getFullYear(), day.getMonth() + 1, day.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}

/** The first moment of the day; null for none. */
export function beginningOf(input: string): string | null {
  return input ? new Date(`${input}T00:00:00`).toISOString() : null;
}

/** The last second of the day; null for none. */
export function endOf(input: string): string | null {
  return input ? new Date(`${input}T23:59:59`).toISOString() : null;
}

export function inOneYear(): string {
  const day = new Date();
  day.setFullYear(day.getFullYear() + 1);
  return toInput(day.getTime() / 1000);
}
