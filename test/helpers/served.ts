import { createServer, type Server } from 'node:http';

/** What answers as a Hono app does. */
interface Answering {
  request(url: string, init: RequestInit): Response | Promise<Response>;
}

/** An app behind a socket of this machine. */
export async function served({
  app,
}: {
  readonly app: Answering;
}): Promise<{ server: Server; url: string }> {
  const server = createServer(async (request, response) => {
    const pieces: Uint8Array[] = [];
    for await (const piece of request) pieces.push(piece);
    const headers = new Headers();
    for (const [name, value] of Object.entries(request.headers)) headers.set(name, String(value));
    const body = pieces.length > 0 ? { body: Buffer.concat(pieces) } : {};
    const answer = await app.request(`http://localhost${request.url}`, {
      method: request.method ?? 'GET',
      headers,
      ...body,
    });
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : '';
  return { server, url: `http://127.0.0.1:${port}` };
}
