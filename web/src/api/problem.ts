// What the API says when it cannot do what it was asked (RFC 9457).

export interface ProblemBody {
  type?: string;
  title?: string;
  detail?: string;
  errors?: { pointer: string; detail: string }[];
  [member: string]: unknown;
}

/** An answer that is no success (RFC 9457), or none at all (status 0). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly body: ProblemBody,
  ) {
    super(body.detail ?? body.title ?? "The server cannot be reached.");
  }

  /** Whether it is of a kind, by the end of its type. */
  is(kind: string): boolean {
    return this.body.type?.endsWith(`/${kind}`) ?? false;
  }

  /** In words for people. */
  get words(): string {
    if (this.status === 0) return "The server cannot be reached. What you typed is kept; try again.";
    if (this.status >= 500) return "The server has a problem. What you typed is kept; try again in a moment.";
    if (this.status === 401) return "Your session has ended. Sign in again.";
    if (this.is("registration-closed")) return sentence(this.message);
    if (this.status === 403) return "Your role on this event does not allow that.";
    if (this.status === 404) return "That is not there any more.";
    if (this.status === 429) return "That was too fast. Wait a moment, then try again.";
    const faults = this.body.errors?.map((one) => `${fieldOf(one.pointer)} ${one.detail}`);
    return faults?.length ? sentence(faults.join("; ")) : this.message;
  }
}

const fieldOf = (pointer: string) => pointer.split("/").at(-1)!.replace(/^url$/, "URL").replaceAll("_", " ");
const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`;
