// Sends values one request at a time for each target; while one is under way, only the latest of the next is kept.

export class Sender {
  // `send(target, value)` returns a promise.
  constructor(send) {
    this.send = send;
    this.underway = new Map();
  }

  // Resolves to the answer of the request that carried this value, or a later one of the target; rejects as it does.
  put(target, value) {
    const current = this.underway.get(target);
    if (current) {
      current.next ??= deferred();
      current.next.value = value;
      return current.next.promise;
    }
    const first = deferred();
    first.value = value;
    this.run(target, first);
    return first.promise;
  }

  busy(target) {
    return this.underway.has(target);
  }

  async run(target, request) {
    const current = { next: undefined };
    this.underway.set(target, current);
    try {
      request.resolve(await this.send(target, request.value));
    } catch (failure) {
      request.reject(failure);
    }
    this.underway.delete(target);
    if (current.next) this.run(target, current.next);
  }
}

function deferred() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}
