package trainlog

// newTRL reads the console of TRL (trainer/sft_trainer.py at f2cd5771): the
// dicts of the Hugging Face Trainer with a token counter of its own:
//
//	{'loss': 1.3911, 'grad_norm': 0.4121, ..., 'num_tokens': 131072.0, 'mean_token_accuracy': 0.681, 'epoch': 0.01}
//
// The SFT, DPO, KTO and Reward trainers keep the counter in memory, so it
// begins at 0 again after a resume and its segments are added up. GRPO and RLOO
// keep it in the checkpoint: there it goes back to more than one interval.
func newTRL() *hf { return &hf{variant: trlTrainer, tokens: counter{forgets: true}} }
