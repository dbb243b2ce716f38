/**
 * Something an operator must put right, said in words made for them: it names settings, configured files, addresses and our own
 * tables, and never quotes data. It is the one error, beside ThroughcareError, whose words are shown and logged.
 */
export class Problem extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Problem';
  }
}
