import fc from 'fast-check';

// A mutant runs every test of its group: a few courses of each property tell as much there.
fc.configureGlobal({ numRuns: 20 });
