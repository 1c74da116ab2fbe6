import { afterAll, beforeAll } from '@jest/globals';
import { watchLeaks, type LeakCheck } from '@spillway/testing';

// In every spec file: what it opened must be closed when it ends, or the file fails. Looked at inside
// hooks both times, because Jest keeps a timer of its own for each.
let leaks: LeakCheck;
beforeAll(() => {
  leaks = watchLeaks();
});
afterAll(() => leaks.expectNoLeaks(), 10_000);
