/** Starts the app: the query cache, the live stream, the router. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ApiError } from "./api/problem";
import "./app.css";
import { startLive } from "./live/stream";
import { router } from "./router";

const RETRIES_MAX = 2;

const client = new QueryClient({
  defaultOptions: {
    queries: {
      // The stream says when something changed; this is for what it cannot know.
      staleTime: 15_000,
      // A server on the same machine or network answers without the internet.
      networkMode: "always",
      retry: (failures, error) => failures < RETRIES_MAX && !isAnswer(error),
    },
  },
});

/** A refusal stays a refusal; only silence and overload are worth asking again. */
function isAnswer(error: Error): boolean {
  return error instanceof ApiError && error.status >= 400 && error.status < 500;
}

startLive(client);

const element = document.getElementById("root");
if (!element) throw new Error("index.html has no #root");
createRoot(element).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
