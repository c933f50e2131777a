// A line that is read piece by piece: what is understood is taken out of it, the rest stays.
import type { Wall } from "../time/zones";

const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
export const WEEKDAY =
  "(mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:rs(?:day)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)";
export const MONTH =
  "(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)";

/** Stands where something was taken out: white space that only words typed side by side do not have. */
export const GAP = "\n";

export class Reader {
  constructor(
    public rest: string,
    readonly now: Wall,
  ) {}

  /** Take what matches out of the line, unless it makes no sense. */
  take(pattern: string, makesSense: (found: RegExpExecArray) => unknown = () => true): RegExpExecArray | null {
    const found = new RegExp(`(?:^|\\s)${pattern}(?=$|[\\s;]|[,.](?!\\d))`, "i").exec(this.rest);
    if (!found || !makesSense(found)) return null;
    this.rest = `${this.rest.slice(0, found.index)}${GAP}${this.rest.slice(found.index + found[0].length)}`;
    return found;
  }
}

export const weekdayNumber = (name: string) =>
  WEEKDAYS.findIndex((day) => day.startsWith(name.toLowerCase().slice(0, 3))) + 1;
export const monthNumber = (name: string) => MONTHS.indexOf(name.toLowerCase().slice(0, 3)) + 1;
export const two = (number: number) => String(number).padStart(2, "0");
