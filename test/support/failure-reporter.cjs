/** Tells the teardown that something failed, so that the databases are kept. Jest does not transform reporters. */
module.exports = class FailureReporter {
  onRunComplete(_contexts, results) {
    if (results.numFailedTests + results.numFailedTestSuites > 0) process.env.THROUGHCARE_TEST_FAILED = 'yes';
  }
};
