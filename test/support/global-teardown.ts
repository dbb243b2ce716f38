import { endTestServer } from './test-server.ts';

// Jest asks for a default export here.
export default endTestServer;
