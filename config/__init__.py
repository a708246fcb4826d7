"""Settings, taxonomy, prompts, fixed texts and the sample day. Plain files and the code that loads them."""
