output "topic_arn" {
  description = "ARN of the topic for outcomes and alarms: subscribe to it."
  value       = aws_sns_topic.restores.arn
}

output "rule_name" {
  description = "Name of the rule that sends outcomes to the topic: change its pattern to receive failures only."
  value       = aws_cloudwatch_event_rule.outcomes.name
}

output "dlq_url" {
  description = "URL of the dead-letter queue: read it when its alarm goes off."
  value       = module.table_sync.dlq_url
}
