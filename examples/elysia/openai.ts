/** A response of OpenAI's Responses API, as far as it is read here; one that failed has an `error` instead of output. */
export interface OpenAiResponse {
  readonly error?: object | null;
  readonly output?: readonly { readonly content?: readonly { readonly text?: string }[] }[];
}

/** Asks a model. */
export type Ask = (question: string) => Promise<OpenAiResponse>;

/** Asks OpenAI, whose key is in the environment. */
export const askOpenAi: Ask = async (question) => {
  const response = await fetch("https://api.openai.com/v1/responses", {
    method: "POST",
    headers: {
      Authorization: `Bearer ${process.env["OPENAI_API_KEY"]}`,
      "Content-Type": "application/json",
    },
    body: JSON.stringify({ model: "gpt-5-mini", input: question }),
  });
  return response.json() as Promise<OpenAiResponse>;
};
