// The errors of this package. Each message is one line: where, what, what is allowed.

// The lab or a client failed.
export class SynthlabError extends Error {
  constructor(message) {
    super(message);
    this.name = new.target.name;
  }
}

// A wrong name, value or file. Nothing was changed.
export class WrongUse extends SynthlabError {}

// The lab worked, but an expectation was not met.
export class ExpectationFailed extends SynthlabError {}

// An expectation was not met, but the machine was too slow to judge it.
export class Inconclusive extends ExpectationFailed {}
