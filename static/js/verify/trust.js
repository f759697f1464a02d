// Whom the reader believes: the policy and the genesis id that this page came with, or
// the reader's own. Kept in this page alone, and for as long as it is open.
import { fromBase64, toBase64, toHex } from "./bytes.js";
import { TraceError } from "./errors.js";
import { parsePolicy } from "./policy.js";
import { sha256 } from "./sha256.js";

const ID = /^[0-9a-f]{64}$/;

/** What stands in the page's `[data-trust]`, and what the reader put in its place. */
export class Trust {
  constructor({ policy, genesis }) {
    this.given = { name: "policy", data: fromBase64(policy ?? ""), genesisId: genesis ?? "" };
    this.reset();
  }

  /** Back to what the page came with. */
  reset() {
    const { name, data, genesisId } = this.given;
    Object.assign(this, { policy: { name, data }, genesisId });
  }

  /** The reader's own policy. */
  believe(policy) {
    this.policy = policy;
  }

  /** The id of genesis as typed; "" asks for none. Whether it is one. */
  root(text) {
    const id = text.trim().toLowerCase();
    if (id && !ID.test(id)) return false;
    this.genesisId = id;
    return true;
  }

  /** Whether policy or genesis are the reader's own. */
  get isOwn() {
    return toBase64(this.policy.data) !== toBase64(this.given.data) || this.hasOwnGenesis;
  }

  /** Whether genesis is the reader's own: then nothing holds without it. */
  get hasOwnGenesis() {
    return this.genesisId !== this.given.genesisId;
  }

  /** Whether there is any policy. */
  get isThere() {
    return this.policy.data.length > 0;
  }

  /** SHA-256 of the policy's bytes, by which two people compare it. */
  get fingerprint() {
    return toHex(sha256(this.policy.data));
  }

  /** The policy as it is read, or the refusal of it. */
  read() {
    try {
      return { policy: parsePolicy(this.policy.data), refused: null };
    } catch (error) {
      if (error instanceof TraceError) return { policy: null, refused: error };
      throw error;
    }
  }
}
