// A change of one client's or of several clients' conditions, and how to revert or extend it.

export class AppliedChange {
  #revert;
  #renew;

  // `states` are those just after the change, by client; `leases` the ids of the leases by which the change ends; `netem`
  // what each `netem` in it means, by the path to it.
  constructor({ states, leases, netem = {}, revert, renew }) {
    this.states = states;
    this.leases = leases;
    this.netem = netem;
    this.#revert = revert;
    this.#renew = renew;
  }

  // Revert it now, whether scheduled or in force. May be called again.
  async revert() {
    const revert = this.#revert;
    this.#revert = () => {};
    await revert();
  }

  // Let it last `for_` from now; without one, as long as it was given first.
  renew(for_) {
    return this.#renew(for_);
  }

  [Symbol.asyncDispose]() {
    return this.revert();
  }
}
